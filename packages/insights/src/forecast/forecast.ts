import { ConfigurationError, type Money } from '@genops/core';
import { createWindowFinder, type EntryFilter, type Ledger, sumByWindow } from '@genops/ledger';
import { estimateAsMoney, toNumber } from '../amounts.ts';
import { noMoney } from '../entry-details.ts';
import { type BackTest, backTest, leastDays, leastTrials, ratioInterval } from './back-test.ts';
import { type DailyModel, fitDailyModel } from './daily-model.ts';

export interface ForecastQuery {
  /** The instant from which on is foretold. */
  readonly now: string;
  /** Whose spending. @default everybody's */
  readonly match?: EntryFilter['match'];
  /** @default 'USD' */
  readonly currency?: string;
  /** IANA zone that days and months begin in. @default 'UTC' */
  readonly timeZone?: string;
  /** To the end of which period. @default 'month' */
  readonly period?: 'week' | 'month' | 'quarter' | 'year';
  /** Days looked back. @default 120 */
  readonly historyDays?: number;
  /** Share of back-tests that the interval holds. @default 0.8 */
  readonly coverage?: number;
}

export type Forecast =
  | {
      readonly result: 'forecast';
      /** Instants: of the period, inclusive, exclusive. */
      readonly from: string;
      readonly until: string;
      /** Spent in the period so far: exact. */
      readonly spent: Money;
      /** At the end of the period, spent so far included. An estimate. */
      readonly expected: Money;
      /** Within which the end lies as often as `coverage` says, by how far off back-tests were. */
      readonly interval: { readonly low: Money; readonly high: Money; readonly coverage: number };
      /** Expected of each day to come; the first one is the rest of today. */
      readonly days: readonly { readonly from: string; readonly expected: number }[];
      readonly model: Pick<DailyModel, 'weekdays' | 'level' | 'trend'>;
      readonly backTest: Omit<BackTest, 'ratios'>;
      /** Days with spending known in full that it was made from. */
      readonly historyDays: number;
    }
  | TooLittleData;

/** Nothing is foretold from a handful of days. */
export interface TooLittleData {
  readonly result: 'too_little_data';
  /** Days known in full since the first spending. */
  readonly days: number;
  readonly neededDays: number;
  readonly message: string;
}

const dayMs = 86_400_000;

/** What will have been spent at the end of the month (or week, quarter, year), and how sure that is. */
export async function forecast(ledger: Pick<Ledger, 'sum'>, query: ForecastQuery): Promise<Forecast> {
  const { now, match, currency = 'USD', timeZone = 'UTC', period = 'month', historyDays = 120 } = query;
  const nowMs = Date.parse(now);
  if (Number.isNaN(nowMs)) throw new ConfigurationError('now', `expected an instant, got "${now}"`);
  if (!(Number.isSafeInteger(historyDays) && historyDays > 0 && historyDays <= 1500)) {
    throw new ConfigurationError('historyDays', `expected 1 to 1500, got ${historyDays}`);
  }
  const find = createWindowFinder();
  const edges = find({ kind: 'calendar', period, timeZone }, nowMs);
  const today = find({ kind: 'calendar', period: 'day', timeZone }, nowMs);
  const start = edges.start as number;
  const first = Math.min(start, (today.start as number) - historyDays * dayMs);
  const filter = match === undefined ? undefined : { match };
  const sums = await sumByWindow(ledger, {
    by: [],
    window: { kind: 'calendar', period: 'day', timeZone },
    from: new Date(first).toISOString(),
    until: new Date(Math.max(nowMs, first + 1)).toISOString(),
    ...(filter && { filter }),
  });
  const days = sums.map(({ from, until, rows }) => ({
    from,
    until,
    cost: rows.find(({ cost }) => cost.currency === currency)?.cost ?? noMoney(currency),
  }));
  return forecastDays({
    days,
    nowMs,
    startMs: start,
    endMs: edges.end as number,
    todayStartMs: today.start as number,
    todayEndMs: today.end as number,
    currency,
    timeZone,
    coverage: query.coverage ?? 0.8,
  });
}

export interface DaySum {
  /** Instants: inclusive, exclusive. */
  readonly from: string;
  readonly until: string;
  readonly cost: Money;
}

/** The pure part: from sums of days, the last of which is today, up to now. */
export function forecastDays(question: {
  readonly days: readonly DaySum[];
  readonly nowMs: number;
  /** Of the period. */
  readonly startMs: number;
  readonly endMs: number;
  readonly todayStartMs: number;
  readonly todayEndMs: number;
  readonly currency: string;
  readonly timeZone: string;
  readonly coverage: number;
}): Forecast {
  const { days, nowMs, startMs, endMs, todayStartMs, currency, coverage } = question;
  const begun = days.findIndex(({ cost }) => !cost.amount.eq('0'));
  // The day on which spending began may have begun in its middle.
  const full =
    begun < 0 ? [] : days.slice(begun + 1).filter(({ until }) => Date.parse(until) <= todayStartMs);
  const horizonDays = Math.max(1, Math.ceil((endMs - nowMs) / dayMs));
  const neededDays = leastDays + leastTrials - 1 + horizonDays;
  const values = full.map(({ cost }) => toNumber(cost));
  const firstDay = full[0];
  const tested =
    firstDay === undefined
      ? undefined
      : backTest(values, weekdayOf(firstDay.from, question.timeZone), horizonDays);
  const spread = tested === undefined ? undefined : ratioInterval(tested, coverage);
  if (firstDay === undefined || tested === undefined || spread === undefined) {
    return {
      result: 'too_little_data',
      days: full.length,
      neededDays,
      message: `${full.length} full days are known; to foretell ${horizonDays} days and to test that, ${neededDays} are needed`,
    };
  }
  const model = fitDailyModel(values, weekdayOf(firstDay.from, question.timeZone));
  const ahead = daysAhead(model, question);
  const spent = days
    .filter(({ from }) => Date.parse(from) >= startMs)
    .reduce((sum, { cost }) => ({ amount: sum.amount.plus(cost.amount), currency }), noMoney(currency));
  const rest = ahead.reduce((sum, { expected }) => sum + expected, 0);
  const endAt = (ratio: number): Money => ({
    amount: spent.amount.plus(estimateAsMoney(rest * ratio, currency).amount),
    currency,
  });
  const { ratios: _, ...reported } = tested;
  return {
    result: 'forecast',
    from: new Date(startMs).toISOString(),
    until: new Date(endMs).toISOString(),
    spent,
    expected: endAt(1),
    interval: { low: endAt(spread[0]), high: endAt(spread[1]), coverage },
    days: ahead,
    model: { weekdays: model.weekdays, level: model.level, trend: model.trend },
    backTest: reported,
    historyDays: values.length,
  };
}

/** What is expected of the rest of today and of each day after it, to the end of the period. */
function daysAhead(
  model: DailyModel,
  {
    nowMs,
    endMs,
    todayEndMs,
  }: { readonly nowMs: number; readonly endMs: number; readonly todayEndMs: number },
): readonly { readonly from: string; readonly expected: number }[] {
  const ahead: { from: string; expected: number }[] = [];
  const restOfToday = Math.min(1, (Math.min(todayEndMs, endMs) - nowMs) / dayMs);
  ahead.push({ from: new Date(nowMs).toISOString(), expected: model.at(1) * restOfToday });
  for (let day = 2, from = todayEndMs; from < endMs; day += 1, from += dayMs) {
    const share = Math.min(1, (endMs - from) / dayMs);
    ahead.push({ from: new Date(from).toISOString(), expected: model.at(day) * share });
  }
  return ahead;
}

/** 0 is Monday. */
function weekdayOf(instant: string, timeZone: string): number {
  const name = new Intl.DateTimeFormat('en', { timeZone, weekday: 'short' }).format(new Date(instant));
  return ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(name);
}
