import {
  addMoney,
  amountOf,
  type Cost,
  type CostLine,
  Decimal,
  hasErrorCode,
  type Meter,
  type Money,
  money,
  parseDecimal,
  usageFromSnake,
} from '@genops/core';
import type { GatewayFeeQuestion } from './gateway-fee.ts';
import type { PriceBook } from './price-book.ts';
import type { PriceQuestion } from './pricing.ts';
import { unitNames } from './unit-names.ts';

/** What a line of a file comes to, in the spelling of the file. */
export interface PricedLine {
  readonly id: string | null;
  /** Exact decimal text; null when there is no price. */
  readonly cost_usd: string | null;
  /** Why there is no price: `unknown_model`, `invalid_usage` … */
  readonly error: string | null;
  readonly components: readonly PricedComponent[];
  readonly basis: string | null;
  /** Id of the dated price. */
  readonly price_version: string | null;
  readonly warnings?: readonly string[];
}

export interface PricedComponent {
  readonly unit: string;
  readonly quantity: string;
  readonly rate_usd: string;
  readonly per: string;
  readonly multiplier?: string;
  readonly subtotal_usd: string;
}

/**
 * Prices one line of a file: a parsed object with `provider`, `model`, `at`, `usage` and, where they matter,
 * `service_tier`, `speed`, `region`, `options`, `reported_cost_usd`. Several usages in a list are priced
 * one by one and added up. With `action` it is a gateway's fee.
 *
 * @param defaults.at - the instant for lines that have none
 * @returns a record for every input, whatever it is; never throws for bad input
 */
export function priceLine(
  prices: PriceBook,
  line: unknown,
  defaults: { readonly at?: string } = {},
): PricedLine {
  const record: Fields = isRecord(line) ? { ...defaults, ...line } : {};
  const id = typeof record['id'] === 'string' ? record['id'] : null;
  try {
    return rendered(id, costOf(prices, record));
  } catch (error) {
    if (hasErrorCode(error, 'invalid_usage') || hasErrorCode(error, 'invalid_money')) {
      return failed(id, error.code, error.message);
    }
    if (error instanceof InvalidLine || hasErrorCode(error, 'invalid_configuration')) {
      return failed(id, 'invalid_request', error.message);
    }
    throw error;
  }
}

/** Something in the line itself is missing or of the wrong kind. */
class InvalidLine extends Error {}

type Fields = Readonly<Record<string, unknown>>;

function costOf(prices: PriceBook, record: Fields): Cost | 'usage_missing' {
  if (record['action'] !== undefined) return feeCost(prices, feeQuestion(record));
  const { usage } = record;
  if (usage === undefined || usage === null) return 'usage_missing';
  if (!Array.isArray(usage)) return prices.price(priceQuestion(record, usage));
  return usage.reduce<Cost>((sum, each) => addCost(sum, prices.price(priceQuestion(record, each))), {
    result: 'priced',
    total: money('0'),
    lines: [],
    basis: 'computed',
  });
}

/** The gateway's fee; for a call on credits together with what the provider behind it asks. */
function feeCost(prices: PriceBook, question: GatewayFeeQuestion): Cost {
  const fee = prices.gatewayFee(question);
  if (fee.result === 'unpriced' || question.action !== 'gateway_request') return fee;
  return { ...fee, total: addMoney(question.amount, fee.total) };
}

function addCost(left: Cost, right: Cost): Cost {
  if (left.result === 'unpriced') return left;
  if (right.result === 'unpriced') return right;
  const total = left.lines.length === 0 ? right.total : addMoney(left.total, right.total);
  return { ...right, total, lines: [...left.lines, ...right.lines] };
}

function priceQuestion(record: Fields, usage: unknown): PriceQuestion {
  return {
    provider: text(record, 'provider'),
    model: text(record, 'model'),
    at: text(record, 'at'),
    usage: usageFromSnake(usage),
    ...optional('serviceTier', optionalText(record, 'service_tier')),
    ...optional('speed', optionalText(record, 'speed')),
    ...optional('region', optionalText(record, 'region')),
    ...optional('options', readOptions(record['options'])),
    ...optional('reportedCost', readMoney(record, 'reported_cost_usd')),
  };
}

/** `search_context_size` → `searchContextSize`. */
function readOptions(options: unknown): PriceQuestion['options'] {
  if (options === undefined || options === null) return undefined;
  if (!isRecord(options)) throw new InvalidLine('options: expected an object');
  const read: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(options)) {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw new InvalidLine(`options.${name}: expected text, a number or a boolean`);
    }
    read[name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())] = value;
  }
  return read;
}

const amountKeys = ['credits_usd', 'provider_cost_usd', 'list_cost_usd', 'upstream_cost_usd', 'amount_usd'];
const usedRequestKeys = ['requests_this_month', 'byok_requests_this_month', 'monthly_requests'];
const usedSpendKeys = ['spend_this_month_usd', 'byok_spend_this_month_usd', 'monthly_spend_usd'];

function feeQuestion(record: Fields): GatewayFeeQuestion {
  const action = record['action'];
  if (action !== 'credit_purchase' && action !== 'byok_request' && action !== 'gateway_request') {
    throw new InvalidLine('action: expected credit_purchase, byok_request or gateway_request');
  }
  const usage = isRecord(record['usage']) ? record['usage'] : {};
  const amount = firstMoney(usage, amountKeys);
  if (amount === undefined) throw new InvalidLine(`usage: expected one of ${amountKeys.join(', ')}`);
  const requests = usedRequestKeys.map((key) => usage[key]).find((value) => value !== undefined);
  const spend = firstMoney(usage, usedSpendKeys);
  if (requests !== undefined && (!Number.isSafeInteger(requests) || (requests as number) < 0)) {
    throw new InvalidLine('usage: expected a whole number of requests this month');
  }
  const used = { ...optional('requests', requests as number | undefined), ...optional('spend', spend) };
  return {
    gateway: text(record, 'provider'),
    action,
    amount,
    ...optional('method', optionalText(usage, 'method')),
    ...optional('used', Object.keys(used).length > 0 ? used : undefined),
    ...optional('at', optionalText(record, 'at')),
  };
}

function firstMoney(fields: Fields, keys: readonly string[]): Money | undefined {
  const key = keys.find((candidate) => fields[candidate] !== undefined);
  return key === undefined ? undefined : readMoney(fields, key);
}

function readMoney(fields: Fields, key: string): Money | undefined {
  const value = fields[key];
  return value === undefined || value === null ? undefined : money(parseDecimal(value as string));
}

function text(fields: Fields, key: string): string {
  const value = optionalText(fields, key);
  if (value === undefined) throw new InvalidLine(`${key}: expected text`);
  return value;
}

function optionalText(fields: Fields, key: string): string | undefined {
  const value = fields[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value === '') throw new InvalidLine(`${key}: expected text`);
  return value;
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { [K in Key]?: Value };
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function failed(id: string | null, error: string, message: string): PricedLine {
  return { id, cost_usd: null, error, components: [], basis: null, price_version: null, warnings: [message] };
}

function rendered(id: string | null, cost: Cost | 'usage_missing'): PricedLine {
  if (cost === 'usage_missing') return failed(id, cost, 'usage: expected an object of counters');
  if (cost.result === 'unpriced') return failed(id, cost.reason, cost.message);
  if (cost.total.currency !== 'USD') {
    return failed(id, 'currency_mismatch', `The price is in ${cost.total.currency}`);
  }
  return {
    id,
    cost_usd: amountOf(cost.total),
    error: null,
    components: components(cost.lines),
    basis: cost.basis,
    price_version: cost.price?.id ?? null,
    ...(cost.warnings && { warnings: cost.warnings }),
  };
}

/** Lines at one price are one component: reasoning that costs what output costs is output. */
function components(lines: readonly CostLine[]): readonly PricedComponent[] {
  const merged = new Map<
    string,
    { first: CostLine; quantity: Decimal; subtotal: Decimal; inputIsWhole: boolean }
  >();
  for (const line of lines) {
    const meter = line.pricedAs ?? line.meter;
    const key = `${meter} ${line.unitPrice} ${line.per} ${line.factor}`;
    const known = merged.get(key);
    const inputIsWhole = line.pricedAs === 'input' && (line.meter as Meter).startsWith('cache_');
    merged.set(key, {
      first: known?.first ?? { ...line, meter },
      quantity: (known?.quantity ?? new Decimal('0')).plus(line.quantity),
      subtotal: (known?.subtotal ?? new Decimal('0')).plus(line.subtotal.amount),
      inputIsWhole: (known?.inputIsWhole ?? false) || inputIsWhole,
    });
  }
  return [...merged.values()].map(({ first, quantity, subtotal, inputIsWhole }) => ({
    unit: inputIsWhole ? 'input_tokens' : unitNames[first.meter],
    quantity: quantity.toFixed(),
    rate_usd: first.unitPrice,
    per: first.per,
    ...(first.factor !== undefined && { multiplier: first.factor }),
    subtotal_usd: subtotal.toFixed(),
  }));
}
