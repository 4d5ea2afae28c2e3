import { type Money, subtractMoney } from '@genops/core';
import { type EntryFilter, type Ledger, sumByWindow } from '@genops/ledger';
import { estimateAsMoney, toNumber } from '../amounts.ts';
import { noMoney } from '../entry-details.ts';
import { median, robustSpread } from '../statistics/quantile.ts';

/** What was spent in one hour. */
export interface HourCost {
  /** Instants: inclusive, exclusive. */
  readonly from: string;
  readonly until: string;
  readonly cost: Money;
}

export interface CostSpike extends HourCost {
  /** What such an hour usually costs: the median of the hours that it was compared with. */
  readonly usual: Money;
  /** How many robust standard deviations it is above that. */
  readonly deviations: number;
  /** `cost` ÷ `usual`; absent where nothing is usual. */
  readonly times?: number;
  /** Hours that it was compared with, and of which kind they are. */
  readonly comparedWith: number;
  readonly baseline: 'hour_of_week' | 'hour_of_day' | 'recent';
}

export interface CostSpikesOptions {
  /** Hours that are judged, counted from the last one. Hours are compared with those before them only. @default 24 */
  readonly lastHours?: number;
  /** Robust deviations above the median from which on an hour is a spike. @default 6 */
  readonly deviations?: number;
  /** How many times the usual it has to cost as well, so that a quiet hour's little more is none. @default 2 */
  readonly times?: number;
  /** What is too little to look at. @default nothing */
  readonly atLeast?: Money;
  /** IANA zone in which hours of the week are told. @default 'UTC' */
  readonly timeZone?: string;
}

/** Hours of one kind that a baseline needs. */
const leastHours = 4;

/** Hours that count as recent. */
const recentHours = 48;

/**
 * Finds hours that cost far more than hours of their kind: the same hour of the week, where four weeks are known,
 * else the same hour of the day, else the hours just before. Median and median deviation are the measure, so a spike
 * in the past does not hide the next one.
 *
 * @param hours - without gaps, the oldest first, of one currency
 */
export function findCostSpikes(
  hours: readonly HourCost[],
  options: CostSpikesOptions = {},
): readonly CostSpike[] {
  const { lastHours = 24, deviations: least = 6, times: leastTimes = 2, atLeast, timeZone = 'UTC' } = options;
  const kindOf = createKindFinder(timeZone);
  const kinds = hours.map(({ from }) => kindOf(from));
  const spikes: CostSpike[] = [];
  for (let index = Math.max(0, hours.length - lastHours); index < hours.length; index += 1) {
    const hour = hours[index] as HourCost;
    const { values, baseline } = compareWith(hours, kinds, index);
    if (values.length < leastHours) continue;
    const usual = median(values);
    const value = toNumber(hour.cost);
    // Where hours never differ, a hundredth of the usual is the least that counts as a deviation.
    const spread = Math.max(robustSpread(values), usual / 100, Number.MIN_VALUE);
    const deviations = (value - usual) / spread;
    const enough = atLeast === undefined || subtractMoney(hour.cost, atLeast).amount.gte('0');
    if (deviations < least || value < leastTimes * usual || value === 0 || !enough) continue;
    spikes.push({
      ...hour,
      usual: estimateAsMoney(usual, hour.cost.currency, 12),
      deviations,
      ...(usual > 0 && { times: value / usual }),
      comparedWith: values.length,
      baseline,
    });
  }
  return spikes;
}

interface Kind {
  readonly hourOfDay: number;
  readonly hourOfWeek: number;
}

function compareWith(
  hours: readonly HourCost[],
  kinds: readonly Kind[],
  index: number,
): { readonly values: readonly number[]; readonly baseline: CostSpike['baseline'] } {
  const kind = kinds[index] as Kind;
  const before = (matches: (other: Kind) => boolean): readonly number[] =>
    hours.slice(0, index).flatMap(({ cost }, at) => (matches(kinds[at] as Kind) ? [toNumber(cost)] : []));
  const sameWeek = before(({ hourOfWeek }) => hourOfWeek === kind.hourOfWeek);
  if (sameWeek.length >= leastHours) return { values: sameWeek, baseline: 'hour_of_week' };
  const sameDay = before(({ hourOfDay }) => hourOfDay === kind.hourOfDay);
  if (sameDay.length >= leastHours) return { values: sameDay, baseline: 'hour_of_day' };
  const recent = hours.slice(Math.max(0, index - recentHours), index).map(({ cost }) => toNumber(cost));
  return { values: recent, baseline: 'recent' };
}

/** Tells what kind of hour an instant is in. */
function createKindFinder(timeZone: string): (instant: string) => Kind {
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    weekday: 'short',
    hour: 'numeric',
    hourCycle: 'h23',
  });
  return (instant) => {
    const parts = new Map(format.formatToParts(new Date(instant)).map(({ type, value }) => [type, value]));
    const hourOfDay = Number(parts.get('hour'));
    const weekday = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(parts.get('weekday') ?? '');
    return { hourOfDay, hourOfWeek: 24 * weekday + hourOfDay };
  };
}

/** The hours between two instants, from a ledger's sums. */
export async function hourlyCosts(
  ledger: Pick<Ledger, 'sum'>,
  query: {
    readonly from: string;
    readonly until: string;
    readonly match?: EntryFilter['match'];
    /** @default 'USD' */
    readonly currency?: string;
    readonly timeZone?: string;
  },
): Promise<readonly HourCost[]> {
  const { from, until, match, currency = 'USD', timeZone = 'UTC' } = query;
  const sums = await sumByWindow(ledger, {
    by: [],
    window: { kind: 'calendar', period: 'hour', timeZone },
    from,
    until,
    ...(match !== undefined && { filter: { match } }),
  });
  return sums.map(({ rows, ...span }) => ({
    ...span,
    cost: rows.find(({ cost }) => cost.currency === currency)?.cost ?? noMoney(currency),
  }));
}
