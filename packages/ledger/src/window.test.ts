import type { CalendarPeriod, LimitWindow } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { createWindowFinder } from './window.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** A year before, and two years after: leap day 2028 and every change of the clocks in between. */
const from = Date.parse('2026-06-01T00:00:00Z');
const until = Date.parse('2029-06-01T00:00:00Z');

const zones = Intl.supportedValuesOf('timeZone');

function windows(window: LimitWindow, first: number, last: number): [start: number, end: number][] {
  const find = createWindowFinder();
  const found: [number, number][] = [];
  for (let at = first; at < last; ) {
    const { start = Number.NaN, end = Number.NaN } = find(window, at);
    found.push([start, end]);
    at = end;
  }
  return found;
}

function instants(window: LimitWindow, first: string, count: number): string[] {
  return windows(window, Date.parse(first), Date.parse(first) + 3000 * dayMs)
    .slice(0, count)
    .map(([start]) => new Date(start).toISOString());
}

/** What is wrong with windows that should follow one another. */
function gaps(found: readonly (readonly [start: number, end: number])[]): string[] {
  return found.flatMap(([start], index) => {
    const before = found[index - 1]?.[1] ?? start;
    return before === start ? [] : [`${new Date(before).toISOString()} … ${new Date(start).toISOString()}`];
  });
}

describe('windows in every time zone', () => {
  it.each(zones)('begin exactly once each, over three years in %s', (timeZone) => {
    const localDay = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
    const days = windows({ kind: 'calendar', period: 'day', timeZone }, from, until);
    // Each begins where the one before ends, so they add up to the whole time.
    expect(gaps(days)).toEqual([]);
    // Each begins at the first moment of its date, and no date has two.
    const dates = days.map(([start]) => localDay.format(start));
    expect(new Set(dates).size).toBe(days.length);
    expect(days.filter(([start], index) => localDay.format(start - 1) === dates[index])).toEqual([]);
    expect(days.filter(([start, end]) => end - start < 22 * hourMs || end - start > 26 * hourMs)).toEqual([]);

    const starts = new Set(days.map(([start]) => start));
    for (const period of ['week', 'month', 'quarter', 'year'] as const) {
      const window = { kind: 'calendar', period, timeZone, fiscalYearStartMonth: 7 } as const;
      const edges = windows(window, from + 366 * dayMs, until - 366 * dayMs);
      expect(gaps(edges)).toEqual([]);
      expect(edges.filter(([start]) => start >= from && !starts.has(start))).toEqual([]);
    }
  });
});

describe('windows of days', () => {
  it('have 23 and 25 hours when the clocks change', () => {
    const lengths = windows({ kind: 'calendar', period: 'day', timeZone: 'Europe/Berlin' }, from, until).map(
      ([start, end]) => (end - start) / hourMs,
    );
    expect(lengths.filter((length) => length === 23)).toHaveLength(3);
    expect(lengths.filter((length) => length === 25)).toHaveLength(3);
  });

  it('begin when the wall clock first shows them, where midnight is skipped', () => {
    // In Beirut the clocks go from 00:00 to 01:00.
    const [day] = windows(
      { kind: 'calendar', period: 'day', timeZone: 'Asia/Beirut' },
      Date.parse('2027-03-28T12:00:00Z'),
      Date.parse('2027-03-28T12:00:01Z'),
    );
    expect(day?.map((edge) => new Date(edge).toISOString())).toEqual([
      '2027-03-27T22:00:00.000Z',
      '2027-03-28T21:00:00.000Z',
    ]);
  });
});

describe('windows of hours', () => {
  it.each(['Europe/Berlin', 'Asia/Kolkata', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/St_Johns'])(
    'follow one another without a gap in %s',
    (timeZone) => {
      const hours = windows({ kind: 'calendar', period: 'hour', timeZone }, from, from + 400 * dayMs);
      expect(gaps(hours)).toEqual([]);
      expect(hours.filter(([start, end]) => end - start > hourMs || end - start < hourMs / 2)).toEqual([]);
    },
  );

  it('count the hour that comes twice as two', () => {
    const night = windows(
      { kind: 'calendar', period: 'hour', timeZone: 'Europe/Berlin' },
      Date.parse('2026-10-24T22:00:00Z'),
      Date.parse('2026-10-25T03:00:00Z'),
    );
    expect(night).toHaveLength(5);
  });
});

describe('windows of weeks, months, quarters and years', () => {
  it.each<[CalendarPeriod, number | undefined, string[]]>([
    ['week', undefined, ['2028-02-21', '2028-02-28', '2028-03-06']],
    ['month', undefined, ['2028-02-01', '2028-03-01', '2028-04-01']],
    ['quarter', undefined, ['2028-01-01', '2028-04-01', '2028-07-01']],
    ['quarter', 2, ['2028-02-01', '2028-05-01', '2028-08-01']],
    ['quarter', 12, ['2027-12-01', '2028-03-01', '2028-06-01']],
    ['year', undefined, ['2028-01-01', '2029-01-01', '2030-01-01']],
    ['year', 4, ['2027-04-01', '2028-04-01', '2029-04-01']],
    ['year', 10, ['2027-10-01', '2028-10-01', '2029-10-01']],
  ])(
    'of a %s begin where the calendar says, with fiscal month %s',
    (period, fiscalYearStartMonth, starts) => {
      const window = {
        kind: 'calendar',
        period,
        ...(fiscalYearStartMonth !== undefined && { fiscalYearStartMonth }),
      } as const;
      expect(instants(window, '2028-02-27T23:59:59.999Z', 3)).toEqual(
        starts.map((day) => `${day}T00:00:00.000Z`),
      );
    },
  );

  it('end February on the leap day', () => {
    const [february] = windows(
      { kind: 'calendar', period: 'month', timeZone: 'America/New_York' },
      Date.parse('2028-02-29T12:00:00Z'),
      Date.parse('2028-02-29T12:00:01Z'),
    );
    expect(february?.map((edge) => new Date(edge).toISOString())).toEqual([
      '2028-02-01T05:00:00.000Z',
      '2028-03-01T05:00:00.000Z',
    ]);
  });
});

describe('createWindowFinder', () => {
  it('says so when there is no such zone', () => {
    const window = { kind: 'calendar', period: 'day', timeZone: 'Mars/Olympus' } as const;
    expect(() => createWindowFinder()(window, from)).toThrow(
      'expected an IANA time zone, got "Mars/Olympus"',
    );
  });
});
