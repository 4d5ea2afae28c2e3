import { type Cost, Decimal, type Money, money } from '@genops/core';
import { bundledCatalog } from './bundled.ts';
import type { Catalog } from './catalog.ts';
import { instantOf, unpriced } from './find-prices.ts';
import type { GatewayFee } from './schema.ts';

/** Something that a gateway may take a fee for. */
export interface GatewayFeeQuestion {
  /** Id of the gateway: `openrouter`, `helicone`. */
  readonly gateway: string;
  /** Credits bought, a call with the caller's own key, or a call on credits. */
  readonly action: GatewayFee['action'];
  /** What the fee is a share of: credits bought, or the cost of the work behind the gateway. */
  readonly amount: Money;
  /** An instant. @default now, by the fees last known */
  readonly at?: string;
  /** How it is paid: `card`, `crypto`. */
  readonly method?: string;
  /** What was used before in the period that a free quota counts. Unknown means that the quota is used up. */
  readonly used?: { readonly requests?: number; readonly spend?: Money };
  /** @default the prices that come with this package */
  readonly catalog?: Catalog;
}

/**
 * What a gateway takes for itself, on top of what the provider behind it costs. One line, `gateway_fee`.
 *
 * @throws {ConfigurationError} when `at` is not an instant
 */
export function gatewayFee(question: GatewayFeeQuestion): Cost {
  const { gateway, action, amount, method, at, catalog = bundledCatalog() } = question;
  const prices = catalog.provider(gateway);
  if (prices === undefined) return unpriced('unknown_provider', `No prices of "${gateway}" are known`);
  const instant = at === undefined ? Number.POSITIVE_INFINITY : instantOf(at);
  const fee = prices.file.gatewayFees?.find(
    (each) => each.action === action && (each.method ?? method) === method && isInForce(each, instant),
  );
  if (fee === undefined) {
    const paid = method === undefined ? '' : ` paid by ${method}`;
    return unpriced('unknown_rate', `No fee of "${gateway}" is known for ${action}${paid}`);
  }
  const { quantity, unitPrice } = charged(fee, chargeable(fee, question));
  const total = money(quantity.times(unitPrice), amount.currency);
  return {
    result: 'priced',
    total,
    lines: [
      {
        meter: 'gateway_fee',
        quantity: quantity.toFixed(),
        unitPrice: unitPrice.toFixed(),
        per: '1',
        subtotal: total,
      },
    ],
    basis: 'computed',
  };
}

function isInForce({ validFrom, validTo }: GatewayFee, at: number): boolean {
  const starts = validFrom === undefined ? Number.NEGATIVE_INFINITY : Date.parse(validFrom);
  const ends = validTo === undefined ? undefined : Date.parse(validTo);
  return starts <= at && (ends === undefined || at < ends);
}

const nothing = new Decimal('0');

/** The part of the amount that no free quota covers. */
function chargeable({ freeQuota }: GatewayFee, { amount, used }: GatewayFeeQuestion): Decimal {
  if (freeQuota?.requests !== undefined && used?.requests !== undefined) {
    return new Decimal(String(used.requests)).lt(freeQuota.requests) ? nothing : amount.amount;
  }
  if (freeQuota?.spend !== undefined && used?.spend !== undefined) {
    const over = used.spend.amount.plus(amount.amount).minus(freeQuota.spend);
    if (over.lte(nothing)) return nothing;
    return over.lt(amount.amount) ? over : amount.amount;
  }
  return amount.amount;
}

/** A share, or the minimum once there is anything to charge. */
function charged(
  fee: GatewayFee,
  amount: Decimal,
): { readonly quantity: Decimal; readonly unitPrice: Decimal } {
  const factor = new Decimal(fee.factor);
  const minimum = new Decimal(fee.minimum ?? '0');
  const least = amount.gt(nothing) && amount.times(factor).lt(minimum);
  return least ? { quantity: new Decimal('1'), unitPrice: minimum } : { quantity: amount, unitPrice: factor };
}
