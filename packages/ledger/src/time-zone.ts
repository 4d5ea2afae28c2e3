import { ConfigurationError } from '@genops/core';

/** Reads the clocks on the wall of one place. All numbers are milliseconds. */
export interface TimeZone {
  /** Local time minus UTC at an instant. */
  readonly offsetAt: (instant: number) => number;
  /** The first instant at which the wall clock shows `local`, or has jumped over it. */
  readonly instantOf: (local: number) => number;
  /** The instant in `(from, until]` at which the offset changes; at most one change is looked for. */
  readonly changeBetween: (from: number, until: number) => number | undefined;
}

const dayMs = 86_400_000;

/**
 * @param name - IANA name
 * @throws {ConfigurationError} when the runtime knows no such zone
 */
export function timeZone(name: string): TimeZone {
  if (name === 'UTC') return utc;
  const offsetAt = offsetReader(name);

  function changeBetween(from: number, until: number): number | undefined {
    const before = offsetAt(from);
    if (offsetAt(until) === before) return undefined;
    let low = from;
    let high = until;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offsetAt(middle) === before) low = middle;
      else high = middle;
    }
    return high;
  }

  function instantOf(local: number): number {
    const before = offsetAt(local - dayMs);
    const after = offsetAt(local + dayMs);
    const candidates = [local - before, local - after].sort((left, right) => left - right);
    const shown = candidates.find((candidate) => candidate + offsetAt(candidate) === local);
    if (shown !== undefined) return shown;
    // The wall clock jumps over that time: the jump itself is when it is reached.
    const [from = local, until = local] = candidates;
    return changeBetween(from - 1, until) ?? until;
  }

  return { offsetAt, instantOf, changeBetween };
}

const utc: TimeZone = {
  offsetAt: () => 0,
  instantOf: (local) => local,
  changeBetween: () => undefined,
};

const offsetForm = /GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/;

function offsetReader(name: string): (instant: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  } catch (cause) {
    throw new ConfigurationError('window.timeZone', `expected an IANA time zone, got "${name}"`, { cause });
  }
  const remembered = new Map<number, number>();
  return (instant) => {
    let offset = remembered.get(instant);
    if (offset === undefined) {
      offset = readOffset(format, instant);
      if (remembered.size >= rememberedOffsets) remembered.clear();
      remembered.set(instant, offset);
    }
    return offset;
  };
}

/** Neighbouring windows ask for the same instants. */
const rememberedOffsets = 64;

function readOffset(format: Intl.DateTimeFormat, instant: number): number {
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = offsetForm.exec(format.format(instant)) ?? [];
  const size = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === '-' ? -size : size;
}
