import { type LimitState, type Money, parseDecimal } from '@genops/core';
import type { Forecast, TooLittleData } from './forecast.ts';

export type Exhaustion =
  /** Nothing is left now. */
  | { readonly result: 'exhausted'; readonly left: Money }
  | {
      readonly result: 'runs_out';
      readonly left: Money;
      /** Instant at which nothing is left, if days are as expected. */
      readonly at: string;
      /** The same if they are as dear as the interval allows. */
      readonly earliest: string;
      /** If they are as cheap; absent when it then lasts. */
      readonly latest?: string;
    }
  | {
      readonly result: 'lasts';
      readonly left: Money;
      /** Instant up to which was looked: the end of the window, or of the forecast. */
      readonly until: string;
      /** Instant at which nothing is left if days are as dear as the interval allows; absent when it lasts even then. */
      readonly earliest?: string;
    }
  | TooLittleData
  | { readonly result: 'not_money'; readonly message: string };

/**
 * When a budget is used up, if spending goes on as foretold. Counted from what is left now in the window, holds
 * taken off, so that a window which began late is not taken for one that is used slowly.
 *
 * @param forecast - of the spending that the limit counts: asked with the filter of its scope
 */
export function forecastExhaustion(state: LimitState, forecast: Forecast): Exhaustion {
  const { unit, currency = 'USD', available, resetsAt } = state;
  if (unit !== 'money') return { result: 'not_money', message: `Limit "${state.limitId}" counts ${unit}` };
  if (forecast.result !== 'forecast') return forecast;
  const left: Money = { amount: parseDecimal(available), currency };
  if (!left.amount.gt('0')) return { result: 'exhausted', left };
  const until = resetsAt === undefined ? forecast.until : earlier(resetsAt, forecast.until);
  const { low, high } = forecast.interval;
  const expected = Number(forecast.expected.amount.minus(forecast.spent.amount).toFixed());
  const ratioOf = (end: Money): number =>
    expected === 0 ? 1 : Number(end.amount.minus(forecast.spent.amount).toFixed()) / expected;
  const amount = Number(left.amount.toFixed());
  const walk = (ratio: number): string | undefined => dayOfEnd(forecast, amount, ratio, until);
  const [at, earliest, latest] = [walk(1), walk(ratioOf(high)), walk(ratioOf(low))];
  if (at === undefined) {
    return { result: 'lasts', left, until, ...(earliest !== undefined && { earliest }) };
  }
  return {
    result: 'runs_out',
    left,
    at,
    earliest: earliest ?? at,
    ...(latest !== undefined && { latest }),
  };
}

function earlier(left: string, right: string): string {
  return Date.parse(left) < Date.parse(right) ? left : right;
}

/** When the days' expected spending has used up so much; spread evenly within a day. */
function dayOfEnd(
  { days, until: end }: Extract<Forecast, { result: 'forecast' }>,
  amount: number,
  ratio: number,
  until: string,
): string | undefined {
  let left = amount;
  for (const [index, day] of days.entries()) {
    const spent = day.expected * ratio;
    const startMs = Date.parse(day.from);
    const endMs = Date.parse(days[index + 1]?.from ?? end);
    if (spent >= left && spent > 0) {
      const at = startMs + (left / spent) * (endMs - startMs);
      return at < Date.parse(until) ? new Date(at).toISOString() : undefined;
    }
    left -= spent;
  }
  return undefined;
}
