import { type Cost, Decimal, type LedgerEntry, type Money, money } from '@genops/core';

/** What an entry cost, when that is known. */
export function knownCost({ cost }: Pick<LedgerEntry, 'cost'>): Money | undefined {
  return costTotal(cost);
}

export function costTotal(cost: Cost): Money | undefined {
  return cost.result === 'priced' ? cost.total : undefined;
}

/** Amounts by currency; currencies are never mixed. */
export interface MoneyTally {
  add(value: Money): void;
  /** The amount in that currency, nothing when there was none. */
  in(currency: string): Money;
  /** By currency, in alphabetical order. */
  all(): readonly Money[];
}

export function createMoneyTally(): MoneyTally {
  const amounts = new Map<string, Decimal>();
  return {
    add: ({ amount, currency }) => {
      const before = amounts.get(currency);
      amounts.set(currency, before === undefined ? amount : before.plus(amount));
    },
    in: (currency) => ({ amount: amounts.get(currency) ?? nothing, currency }),
    all: () =>
      [...amounts]
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([currency, amount]) => ({ amount, currency })),
  };
}

const nothing = new Decimal('0');

/**
 * An average, for showing: rounded at the 20th digit after the point, because not every division ends.
 *
 * @returns undefined of nothing
 */
export function averageMoney(total: Money, count: number | bigint): Money | undefined {
  if (count === 0 || count === 0n) return undefined;
  return { amount: total.amount.div(String(count)), currency: total.currency };
}

/** What a part is of a whole, for showing; undefined of nothing. */
export function shareOf(part: Money, whole: Money): number | undefined {
  const divisor = Number(whole.amount.toFixed());
  return divisor === 0 ? undefined : Number(part.amount.toFixed()) / divisor;
}

/** For statistics, which need numbers; never for accounts. */
export function toNumber(value: Money): number {
  return Number(value.amount.toFixed());
}

/** An estimate as money, to the digits that it can claim to know. */
export function estimateAsMoney(value: number, currency: string, decimals = 6): Money {
  return money(new Decimal(value.toFixed(decimals)), currency);
}
