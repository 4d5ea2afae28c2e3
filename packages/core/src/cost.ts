import type { Money } from './money.ts';
import type { Meter } from './usage.ts';

/** One line of a cost: `quantity × unitPrice ÷ per`, after the factors that applied. */
export interface CostLine {
  readonly meter: Meter | 'gateway_fee';
  /** How much was consumed, in the meter's own unit, as exact decimal text. */
  readonly quantity: string;
  /** Price of `per` units in the cost's currency, as exact decimal text, before `factor`. */
  readonly unitPrice: string;
  /** Units that `unitPrice` buys, such as `1000000`. */
  readonly per: string;
  /** Product of the modifiers (region, contract) that applied, as exact decimal text; absent means 1. */
  readonly factor?: string;
  /** The meter whose price was used because this one has none of its own. */
  readonly pricedAs?: Meter;
  readonly subtotal: Money;
  /** Who bills it, where that is not the provider that was called: the host of one's own key. */
  readonly invoiceIssuer?: string;
}

/** Which row of which catalogue said so. */
export interface PriceReference {
  /** Stable id of the dated row: `openai/gpt-4o@2024-10-02T00:00:00Z`. */
  readonly id: string;
  /** Content hash of the catalogue that it came from. */
  readonly catalog: string;
  /** When its source was last looked at, an instant. */
  readonly retrievedAt: string;
  /** Whole days between `retrievedAt` and the call. */
  readonly ageDays: number;
}

/** How a cost is known. */
export type CostBasis = 'reported' | 'computed' | 'estimated';

/** Why there is no price: each is a named outcome, none of them is zero. */
export type UnpricedReason = 'unknown_provider' | 'unknown_model' | 'unknown_rate' | 'unmetered';

/** What a call cost. Unknown is a case of its own, so that it can never be mistaken for free. */
export type Cost =
  | {
      readonly result: 'priced';
      readonly total: Money;
      /** Sums exactly to `total` when `basis` is not `reported`. */
      readonly lines: readonly CostLine[];
      readonly basis: CostBasis;
      readonly price?: PriceReference;
      /** For `reported`: what the catalogue would have said, and reported minus that. */
      readonly computed?: { readonly total: Money; readonly difference: Money };
      /** For an answer out of a cache: what it would have cost. Not part of `total`, which is zero. */
      readonly avoided?: Money;
      readonly warnings?: readonly string[];
    }
  | { readonly result: 'unpriced'; readonly reason: UnpricedReason; readonly message: string };

/** A cost of exactly nothing, for calls that consumed nothing: refused, never sent, free routes. */
export function freeCost(zero: Money): Cost {
  return { result: 'priced', total: zero, lines: [], basis: 'computed' };
}
