import { type CostLine, Decimal, type Meter } from '@genops/core';
import { tallyQuantile } from '../statistics/quantile.ts';

/** How long answers are, and what each of their tokens cost, so that a cut can be priced afterwards. */
export interface TokenTail {
  add(tokens: number, pricePerToken: Decimal): void;
  readonly calls: number;
  /** The count that this share of calls does not exceed. */
  quantile(share: number): number;
  /** What all tokens beyond `cap` cost, and how many calls had any. */
  beyond(cap: number): { readonly amount: Decimal; readonly calls: number };
}

/** Keeps a count and a sum of prices for each length that occurred. */
export function createTokenTail(): TokenTail {
  const counts = new Map<number, number>();
  const prices = new Map<number, Decimal>();
  let calls = 0;
  return {
    add(tokens, pricePerToken) {
      calls += 1;
      counts.set(tokens, (counts.get(tokens) ?? 0) + 1);
      const before = prices.get(tokens);
      prices.set(tokens, before === undefined ? pricePerToken : before.plus(pricePerToken));
    },
    get calls() {
      return calls;
    },
    quantile: (share) => tallyQuantile(counts, share) ?? 0,
    beyond(cap) {
      let amount = new Decimal('0');
      let over = 0;
      for (const [tokens, price] of prices) {
        if (tokens <= cap) continue;
        amount = amount.plus(price.times(String(tokens - cap)));
        over += counts.get(tokens) ?? 0;
      }
      return { amount, calls: over };
    },
  };
}

/** What one more unit of a meter cost in a call: exact where prices are for powers of ten. */
export function pricePerUnit(lines: readonly CostLine[], meter: Meter): Decimal | undefined {
  const line = lines.find((one) => one.meter === meter);
  if (line === undefined) return undefined;
  const price = new Decimal(line.unitPrice).times(line.factor ?? '1');
  const zeros = /^10*$/.test(line.per) ? line.per.length - 1 : undefined;
  return zeros === undefined ? price.div(line.per) : price.times(new Decimal(`1e-${zeros}`));
}
