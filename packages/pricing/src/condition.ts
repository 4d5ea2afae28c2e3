import { Decimal, type Money } from '@genops/core';
import type { PriceFile, When } from './schema.ts';
import { createZoneClock } from './zone-clock.ts';

/** What the conditions of a price are tested against. */
export interface Circumstances {
  /** The tier that served; `standard` when none is named. */
  readonly serviceTier: string;
  readonly speed: string;
  readonly region: string | undefined;
  readonly options: Readonly<Record<string, unknown>> | undefined;
  /** The whole prompt, cache reads and writes included. */
  readonly promptTokens: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly volume: UsedVolume | undefined;
}

/** What was used before in a billing period. */
export interface UsedVolume {
  readonly tokens?: number;
  readonly requests?: number;
  readonly spend?: Money;
}

/** What is known before a call: everything that may still turn out one way or another is a list or a most. */
export interface Prospect extends Omit<Circumstances, 'serviceTier' | 'speed'> {
  readonly serviceTiers: readonly string[];
  readonly speeds: readonly string[];
}

export type Likelihood = 'never' | 'maybe' | 'always';

/** A compiled {@link When}. */
export interface Condition {
  /** More conditions, and higher thresholds, are more specific. */
  readonly specificity: number;
  holds(circumstances: Circumstances): boolean;
  /** Whether it will hold, as far as can be said before the call. */
  foresee(prospect: Prospect): Likelihood;
}

type Calendars = NonNullable<PriceFile['calendars']>;

/** @returns undefined when nothing is asked for: it always holds */
export function compileCondition(when: When | undefined, calendars: Calendars = {}): Condition | undefined {
  if (when === undefined) return undefined;
  const tests: Omit<Condition, 'specificity'>[] = [];
  const { serviceTier, speed, region, promptTokens, volume, time, options } = when;
  if (serviceTier !== undefined) {
    const tiers = new Set(serviceTier.map(normalName));
    tests.push({
      holds: (now) => tiers.has(now.serviceTier),
      foresee: (soon) => share(soon.serviceTiers, tiers),
    });
  }
  if (speed !== undefined) {
    const speeds = new Set(speed.map(normalName));
    tests.push({ holds: (now) => speeds.has(now.speed), foresee: (soon) => share(soon.speeds, speeds) });
  }
  if (region !== undefined) {
    const holds = compileRegion(region);
    // Answers may name a region that the request did not.
    const foresee = (soon: Prospect): Likelihood =>
      soon.region === undefined ? 'maybe' : holds(soon) ? 'always' : 'never';
    tests.push({ holds, foresee });
  }
  if (promptTokens !== undefined) {
    const { min, inclusive = false } = promptTokens;
    const reached = inclusive ? (tokens: number) => tokens >= min : (tokens: number) => tokens > min;
    tests.push({
      holds: (now) => reached(now.promptTokens),
      foresee: (soon) => (reached(soon.promptTokens) ? 'maybe' : 'never'),
    });
  }
  if (volume !== undefined) {
    const min = new Decimal(volume.min);
    const below = volume.below === undefined ? undefined : new Decimal(volume.below);
    tests.push(
      certain((now) => {
        const used = usedVolume(now.volume, volume.unit);
        return used.gte(min) && (below === undefined || used.lt(below));
      }),
    );
  }
  if (time !== undefined) {
    const holds = compileTime(time, calendars);
    tests.push({ holds: (now) => holds(now.at), foresee: () => 'maybe' });
  }
  if (options !== undefined) {
    const wanted = Object.entries(options);
    tests.push(certain((now) => wanted.every(([name, value]) => now.options?.[name] === value)));
  }
  return {
    specificity: tests.length + (promptTokens?.min ?? 0) / 2 ** 53,
    holds: (now) => tests.every((test) => test.holds(now)),
    foresee: (soon) => weakest(tests.map((test) => test.foresee(soon))),
  };
}

/** What was used of a unit, in that unit; nothing when nobody says. */
export function usedVolume(volume: UsedVolume | undefined, unit: keyof UsedVolume): Decimal {
  const used = volume?.[unit] ?? 0;
  return typeof used === 'number' ? new Decimal(String(used)) : used.amount;
}

/** Tiers, speeds and regions are compared without regard to case. */
export function normalName(name: string): string {
  return name.toLowerCase();
}

type Certain = Pick<Circumstances, 'region' | 'options' | 'volume'>;

/** What is known before the call as well as after it. */
function certain(holds: (facts: Certain) => boolean): Omit<Condition, 'specificity'> {
  return { holds, foresee: (soon) => (holds(soon) ? 'always' : 'never') };
}

function share(possible: readonly string[], wanted: ReadonlySet<string>): Likelihood {
  const hits = possible.filter((name) => wanted.has(name)).length;
  if (hits === 0) return 'never';
  return hits === possible.length ? 'always' : 'maybe';
}

function weakest(likelihoods: readonly Likelihood[]): Likelihood {
  if (likelihoods.includes('never')) return 'never';
  return likelihoods.includes('maybe') ? 'maybe' : 'always';
}

function compileRegion(region: NonNullable<When['region']>): (facts: Certain) => boolean {
  if (Array.isArray(region)) {
    const regions = new Set(region.map(normalName));
    return (facts) => facts.region !== undefined && regions.has(facts.region);
  }
  const excluded = new Set(region.not.map(normalName));
  return (facts) => facts.region !== undefined && !excluded.has(facts.region);
}

function compileTime(time: NonNullable<When['time']>, calendars: Calendars): (at: number) => boolean {
  const weekdays = time.isoWeekdays && new Set(time.isoWeekdays);
  const windows = time.windows?.map(({ from, until }) => ({ from: minuteOf(from), until: minuteOf(until) }));
  const excluded = new Set(time.excludedCalendar === undefined ? [] : calendars[time.excludedCalendar]);
  const clockAt = createZoneClock(time.timeZone);
  return (at) => {
    const clock = clockAt(at);
    if (weekdays?.has(clock.isoWeekday) === false || excluded.has(clock.date)) return false;
    return windows?.some((window) => within(clock.minute, window)) ?? true;
  };
}

/** A window that ends before it starts goes over midnight. */
function within(minute: number, { from, until }: { readonly from: number; readonly until: number }): boolean {
  return from <= until ? minute >= from && minute < until : minute >= from || minute < until;
}

function minuteOf(clock: string): number {
  const [hours, minutes] = clock.split(':').map(Number);
  return (hours ?? 0) * 60 + (minutes ?? 0);
}
