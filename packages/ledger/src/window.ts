import type { CalendarPeriod, LimitWindow } from '@genops/core';
import { type TimeZone, timeZone } from './time-zone.ts';

/** Where a window begins (inclusive) and ends (exclusive), in milliseconds since 1970; absent where it has no edge. */
export interface Span {
  readonly start?: number;
  readonly end?: number;
  /** The same as instants, for people. */
  readonly windowStart?: string;
  readonly resetsAt?: string;
}

/** Says which window of a limit an instant falls in. */
export type WindowFinder = (window: LimitWindow, at: number) => Span;

interface Edges {
  readonly start: number;
  readonly end: number;
}

type CalendarWindow = Extract<LimitWindow, { kind: 'calendar' }>;

/**
 * Windows are computed when read: an instant falls in exactly one window of a limit, and each window begins
 * where the one before ends, across changes of the clock. The finder remembers the windows last found.
 */
export function createWindowFinder(): WindowFinder {
  const zones = new Map<string, TimeZone>();
  const found = new Map<string, Required<Span>>();

  /** The window last found under that name, when the instant is still in it. */
  function remembered(key: string, at: number, find: () => Edges): Span {
    const last = found.get(key);
    if (last !== undefined && last.start <= at && at < last.end) return last;
    const { start, end } = find();
    const span = {
      start,
      end,
      windowStart: new Date(start).toISOString(),
      resetsAt: new Date(end).toISOString(),
    };
    found.set(key, span);
    return span;
  }

  function zoneOf(name: string): TimeZone {
    let zone = zones.get(name);
    if (zone === undefined) {
      zone = timeZone(name);
      zones.set(name, zone);
    }
    return zone;
  }

  function calendar(window: CalendarWindow, at: number): Span {
    const name = window.timeZone ?? 'UTC';
    const fiscalStart = window.fiscalYearStartMonth ?? 1;
    return remembered(`${window.period}/${name}/${fiscalStart}`, at, () => {
      const zone = zoneOf(name);
      return window.period === 'hour' ? hourAt(zone, at) : periodAt(zone, window.period, fiscalStart - 1, at);
    });
  }

  return (window, at) => {
    switch (window.kind) {
      case 'calendar':
        return calendar(window, at);
      case 'fixed': {
        const lengthMs = window.seconds * 1000;
        const anchor = window.anchor === undefined ? 0 : Date.parse(window.anchor);
        return remembered(`fixed/${lengthMs}/${anchor}`, at, () => {
          const start = anchor + Math.floor((at - anchor) / lengthMs) * lengthMs;
          return { start, end: start + lengthMs };
        });
      }
      default:
        return {};
    }
  };
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** An hour that the clock goes through twice is two windows; one cut by a change of the clock ends there. */
function hourAt(zone: TimeZone, at: number): Edges {
  const offset = zone.offsetAt(at);
  const start = Math.floor((at + offset) / hourMs) * hourMs - offset;
  const end = start + hourMs;
  return {
    start: zone.changeBetween(start, at) ?? start,
    end: zone.changeBetween(at, end) ?? end,
  };
}

function periodAt(
  zone: TimeZone,
  period: Exclude<CalendarPeriod, 'hour'>,
  fiscalStart: number,
  at: number,
): Edges {
  let local = localStart(period, fiscalStart, at + zone.offsetAt(at));
  let next = localNext(period, local);
  // A clock set back over midnight shows yesterday again: the day that has begun goes on.
  while (zone.instantOf(next) <= at) {
    local = next;
    next = localNext(period, local);
  }
  return { start: zone.instantOf(local), end: zone.instantOf(next) };
}

/** Start of the period, reading local time as if it were UTC. Weeks begin on Monday. */
function localStart(period: Exclude<CalendarPeriod, 'hour'>, fiscalStart: number, local: number): number {
  const date = new Date(local);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  switch (period) {
    case 'day':
      return Math.floor(local / dayMs) * dayMs;
    case 'week':
      return (Math.floor(local / dayMs) - ((date.getUTCDay() + 6) % 7)) * dayMs;
    case 'month':
      return Date.UTC(year, month);
    case 'quarter':
      return Date.UTC(year, month - ((month - fiscalStart + 12) % 3));
    case 'year':
      return Date.UTC(month < fiscalStart ? year - 1 : year, fiscalStart);
  }
}

const monthsOf = { month: 1, quarter: 3, year: 12 } as const;

function localNext(period: Exclude<CalendarPeriod, 'hour'>, local: number): number {
  if (period === 'day') return local + dayMs;
  if (period === 'week') return local + 7 * dayMs;
  const date = new Date(local);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + monthsOf[period]);
}
