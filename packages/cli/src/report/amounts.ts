import { amountOf, type Money, roundMoney } from '@genops/core';

/** For people: rounded to four digits, or six where that would show nothing. `--json` has them all. */
export function shownAmount(value: Money): string {
  const isSmall = value.amount.abs().lt('0.01') && !value.amount.eq('0');
  const decimals = isSmall ? 6 : 4;
  return roundMoney(value, decimals).amount.toFixed(decimals);
}

export function shownMoney(value: Money): string {
  return `${shownAmount(value)} ${value.currency}`;
}

/** `+12 %`, `-3 %` */
export function shownChange(share: number | undefined): string {
  if (share === undefined) return 'new';
  const percent = Math.round(100 * share);
  return `${percent > 0 ? '+' : ''}${percent} %`;
}

/** Money anywhere in a document becomes exact text with its currency. */
export function exactJson(document: unknown): string {
  const text = JSON.stringify(
    document,
    (_, value: unknown) => {
      if (typeof value === 'bigint') return value.toString();
      return isMoney(value) ? { amount: amountOf(value), currency: value.currency } : value;
    },
    2,
  );
  return `${text}\n`;
}

function isMoney(value: unknown): value is Money {
  return (
    typeof value === 'object' &&
    value !== null &&
    'currency' in value &&
    'amount' in value &&
    typeof value.amount === 'object'
  );
}
