import { Decimal, type Money } from '@genops/core';
import type { ReplayableCall } from '../replay.ts';
import { wilsonInterval } from '../statistics/compare.ts';
import type { Evidence } from './finding.ts';

/** What a change would have saved, call by call and day by day. */
export interface Savings {
  /** @param saving - negative where the change costs more */
  add(call: ReplayableCall, saving: Money): void;
  readonly calls: number;
  total(): Money;
  /** On how many of the days it would have saved anything, and how many calls were priced as recorded. */
  evidence(): readonly Evidence[];
}

export function createSavings(currency: string): Savings {
  const byDay = new Map<string, Decimal>();
  let calls = 0;
  let faithful = 0;
  return {
    add({ entry, faithful: asRecorded }, { amount }) {
      calls += 1;
      if (asRecorded) faithful += 1;
      const day = entry.at.slice(0, 10);
      byDay.set(day, (byDay.get(day) ?? nothing).plus(amount));
    },
    get calls() {
      return calls;
    },
    total: () => ({
      amount: [...byDay.values()].reduce((sum, amount) => sum.plus(amount), nothing),
      currency,
    }),
    evidence() {
      const days = byDay.size;
      const saving = [...byDay.values()].filter((amount) => amount.gt('0')).length;
      return [
        {
          value: wilsonInterval({ successes: saving, trials: days })[0],
          because: `it would have saved on ${saving} of ${days} days`,
        },
        ...(faithful === calls
          ? []
          : [
              {
                value: faithful / calls,
                because: `${faithful} of ${calls} calls cost what the price list says; the others had other prices or options`,
              },
            ]),
      ];
    },
  };
}

const nothing = new Decimal('0');
