import { amountOf, compareMoney, type GovernorEvent, multiplyMoney } from '@genops/core';

export interface CostDebuggingOptions {
  /** Takes what was found. */
  readonly onFinding: (finding: CostFinding) => void;
  /** Also tells of every call, well or not. @default false */
  readonly logAllRequests?: boolean;
  /** Tells of prices that are missing, old, or not those of the very model. @default true */
  readonly validatePricing?: boolean;
  /** Tells of calls that cost more than was held, or far from what the catalogue says. @default true */
  readonly alertOnUnexpectedCosts?: boolean;
}

export interface CostFinding {
  readonly kind:
    | 'request'
    | 'unpriced'
    | 'stale_price'
    | 'price_warning'
    | 'over_hold'
    | 'differs_from_catalogue';
  readonly operationId: string;
  readonly message: string;
}

/** Prices that nobody looked at for so long deserve a look. */
const oldPriceDays = 90;
/** What a provider reports may differ from the catalogue by rounding, not by this. */
const tolerance = '0.05';

/** Looks at what each call cost, and says what is odd about it. */
export function debugCosts(options: CostDebuggingOptions): (event: GovernorEvent) => void {
  const {
    onFinding,
    logAllRequests = false,
    validatePricing = true,
    alertOnUnexpectedCosts = true,
  } = options;
  return (event) => {
    if (event.kind !== 'settled' || event.entry.provider !== 'helicone') return;
    const { operationId, requestModel, cost, flags = [] } = event.entry;
    const tell = (kind: CostFinding['kind'], message: string): void =>
      onFinding({ kind, operationId, message });
    if (logAllRequests) {
      const paid =
        cost.result === 'priced'
          ? `${amountOf(cost.total)} ${cost.total.currency}, ${cost.basis}`
          : cost.reason;
      tell('request', `${requestModel}: ${paid}`);
    }
    if (cost.result === 'unpriced') {
      if (validatePricing) tell('unpriced', cost.message);
      return;
    }
    if (validatePricing && (cost.price?.ageDays ?? 0) > oldPriceDays) {
      tell('stale_price', `The price ${cost.price?.id} was last looked at ${cost.price?.ageDays} days ago`);
    }
    if (validatePricing) for (const warning of cost.warnings ?? []) tell('price_warning', warning);
    if (!alertOnUnexpectedCosts) return;
    if (flags.includes('over_hold')) tell('over_hold', `${requestModel} cost more than was held for it`);
    const { computed } = cost;
    if (computed === undefined) return;
    const difference = computed.difference.amount.abs();
    if (
      compareMoney({ ...computed.difference, amount: difference }, multiplyMoney(computed.total, tolerance)) >
      0
    ) {
      tell(
        'differs_from_catalogue',
        `${requestModel} was charged ${amountOf(cost.total)}; the catalogue says ${amountOf(computed.total)}`,
      );
    }
  };
}
