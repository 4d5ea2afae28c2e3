import { type CostLine, Decimal, type LedgerEntry, type Money, makerOf, sumMoney } from '@genops/core';
import { entryDimension } from '@genops/ledger';
import type { Pricing } from '@genops/pricing';
import { nameOfPlace, placeOf } from '../replay.ts';
import type { FocusRow } from './columns.ts';
import { inBlocks, pricingUnit, unitOf } from './units.ts';

export interface FocusOptions {
  readonly billingAccount: { readonly id: string; readonly name?: string };
  /** The price list without contracts: what the public pays. @default what was charged, before factors of contracts */
  readonly listPricing?: Pick<Pricing, 'price'>;
  /** Names of providers by id, where the usual ones are wrong. */
  readonly names?: Readonly<Record<string, string>>;
  /** The dimension that accounts are divided by. @default 'project' */
  readonly subAccount?: string;
}

/** How providers are called outside of their ids. */
const usualNames: Readonly<Record<string, string>> = {
  openai: 'OpenAI',
  anthropic: 'Anthropic',
  google: 'Google',
  'google-vertex': 'Google Cloud',
  azure: 'Microsoft',
  'azure-openai': 'Microsoft',
  'aws-bedrock': 'AWS',
  bedrock: 'AWS',
  openrouter: 'OpenRouter',
  mistral: 'Mistral AI',
  deepseek: 'DeepSeek',
  cohere: 'Cohere',
  perplexity: 'Perplexity',
  'x-ai': 'xAI',
};

/** Why an entry has no charge. */
export type NoCharge =
  /** Nothing was spent: refused, never sent, out of a cache, free. */
  | 'no_cost'
  /** What it cost is not known, and unknown is not zero. */
  | 'unpriced'
  /** FOCUS bills in currencies of states. */
  | 'virtual_currency';

/**
 * The charges of one entry: a row for each meter, so that unit price times quantity is the cost. A cost that the
 * provider reported and that differs from its meters has one more row, an adjustment. Rows add up to the entry's cost.
 */
export function chargeRows(entry: LedgerEntry, options: FocusOptions): readonly FocusRow[] | NoCharge {
  const { cost } = entry;
  if (cost.result === 'unpriced') return 'unpriced';
  if (cost.lines.length === 0 && cost.total.amount.eq('0')) return 'no_cost';
  if (!/^[A-Z]{3}$/.test(cost.total.currency)) return 'virtual_currency';
  const shared = sharedColumns(entry, options);
  if (entry.kind === 'correction' || cost.lines.length === 0) {
    return [
      entry.kind === 'correction' ? adjustmentRow(shared, cost.total) : wholeRow(shared, entry, cost.total),
    ];
  }
  const listed = listLines(entry, options);
  const rows = cost.lines.map((line, index) =>
    lineRow(shared, entry, line, listed?.[index], options.names ?? {}),
  );
  const rest = cost.total.amount.minus(
    sumMoney(
      cost.lines.map(({ subtotal }) => subtotal),
      cost.total.currency,
    ).amount,
  );
  return rest.eq('0') ? rows : [...rows, adjustmentRow(shared, { ...cost.total, amount: rest })];
}

/** What all charges of an entry share; a row fills in the rest. */
function sharedColumns(entry: LedgerEntry, options: FocusOptions): FocusRow {
  const { billingAccount, names = {}, subAccount = 'project' } = options;
  const { provider, requestModel, responseModel, region, gateway, attribution, cost } = entry;
  const at = new Date(entry.at);
  const nameOf = (id: string): string => nameOfProvider(id, names);
  const account = entryDimension(entry, subAccount) ?? null;
  const month = (offset: number): string =>
    instantText(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + offset));
  const startMs = Math.floor(at.getTime() / 1000) * 1000;
  // The end does not belong to the period any more, so that no charge lasts for nothing.
  const endMs = Math.max(startMs + 1000, Math.ceil(Date.parse(entry.endedAt) / 1000) * 1000);
  return {
    BilledCost: '0',
    BillingAccountId: billingAccount.id,
    BillingAccountName: billingAccount.name ?? null,
    BillingCurrency: cost.result === 'priced' ? cost.total.currency : 'USD',
    BillingPeriodEnd: month(1),
    BillingPeriodStart: month(0),
    ChargeCategory: 'Usage',
    ChargeClass: null,
    ChargeDescription: null,
    ChargeFrequency: 'Usage-Based',
    ChargePeriodEnd: instantText(endMs),
    ChargePeriodStart: instantText(startMs),
    ConsumedQuantity: null,
    ConsumedUnit: null,
    ContractedCost: '0',
    ContractedUnitPrice: null,
    EffectiveCost: '0',
    HostProviderName: nameOf(gateway?.hostProvider ?? provider),
    InvoiceIssuerName: nameOf(provider),
    ListCost: '0',
    ListUnitPrice: null,
    PricingCategory: null,
    PricingQuantity: null,
    PricingUnit: null,
    ProviderName: nameOf(provider),
    PublisherName: nameOf(makerOf(responseModel ?? requestModel) ?? provider),
    RegionId: region ?? null,
    RegionName: region ?? null,
    ServiceCategory: 'AI and Machine Learning',
    ServiceName: `${nameOf(provider)} API`,
    ServiceProviderName: nameOf(provider),
    ServiceSubcategory: 'Generative AI',
    SkuId: null,
    SkuMeter: null,
    SkuPriceDetails: null,
    SkuPriceId: null,
    SubAccountId: account,
    SubAccountName: account,
    Tags: tagsOf(entry),
    x_ConsumerId: attribution.userId ?? attribution.customerId ?? null,
    x_CostSource: cost.result === 'priced' ? cost.basis : null,
    x_EntryId: entry.id,
    x_OperationId: entry.operationId,
    x_PriceId: (cost.result === 'priced' ? cost.price?.id : undefined) ?? null,
    x_ProviderKeyId: entry.providerKeyId ?? null,
    x_RequestModel: requestModel,
    x_ResponseModel: responseModel ?? null,
  };
}

function lineRow(
  shared: FocusRow,
  entry: LedgerEntry,
  line: CostLine,
  listed: CostLine | undefined,
  names: Readonly<Record<string, string>>,
): FocusRow {
  const { meter, quantity, unitPrice, per, factor = '1', subtotal, invoiceIssuer } = line;
  const blocks = inBlocks(quantity, per);
  const contracted = new Decimal(unitPrice).times(factor);
  // Minimum quantities and roundings make a cost that is not price times quantity: then there is no unit price.
  const isProduct = blocks?.times(contracted).eq(subtotal.amount) ?? false;
  const like = listed?.per === per ? listed : undefined;
  const list = new Decimal((like ?? line).unitPrice).times(like?.factor ?? '1');
  const listCost = isProduct && blocks !== undefined ? blocks.times(list) : subtotal.amount;
  const sku = skuOf(entry, meter);
  return {
    ...shared,
    ...sku,
    ...costs(subtotal.amount, listCost),
    ChargeDescription: `${entry.responseModel ?? entry.requestModel}: ${quantity} ${unitOf(meter).toLowerCase()}, ${meter}`,
    ConsumedQuantity: new Decimal(quantity).toFixed(),
    ConsumedUnit: unitOf(meter),
    ContractedUnitPrice: isProduct ? contracted.toFixed() : null,
    ListUnitPrice: isProduct ? list.toFixed() : null,
    PricingCategory: 'Standard',
    PricingQuantity: (blocks ?? new Decimal(quantity)).toFixed(),
    PricingUnit: blocks === undefined ? unitOf(meter) : pricingUnit(line),
    ...(invoiceIssuer !== undefined && { InvoiceIssuerName: nameOfProvider(invoiceIssuer, names) }),
  };
}

/** A cost that the provider reported as a whole: one request at that price. */
function wholeRow(shared: FocusRow, entry: LedgerEntry, total: Money): FocusRow {
  const price = total.amount.toFixed();
  return {
    ...shared,
    ...skuOf(entry, 'request'),
    ...costs(total.amount, total.amount),
    ChargeDescription: `${entry.responseModel ?? entry.requestModel}: one request, as reported`,
    ConsumedQuantity: '1',
    ConsumedUnit: 'Requests',
    ContractedUnitPrice: price,
    ListUnitPrice: price,
    PricingCategory: 'Other',
    PricingQuantity: '1',
    PricingUnit: 'Requests',
  };
}

function adjustmentRow(shared: FocusRow, { amount }: Money): FocusRow {
  return {
    ...shared,
    ...costs(amount, amount),
    ChargeCategory: 'Adjustment',
    ChargeDescription: 'What was charged in the end, minus what was computed',
  };
}

function costs(amount: Decimal, list: Decimal) {
  const charged = amount.toFixed();
  return { BilledCost: charged, ContractedCost: charged, EffectiveCost: charged, ListCost: list.toFixed() };
}

/** Ids that stay the same over time and contracts: no dates and no amounts in them. */
function skuOf(entry: LedgerEntry, meter: CostLine['meter']) {
  const { provider, model, serviceTier = 'standard', region } = placeOf(entry);
  const place = nameOfPlace({ provider, model });
  const cacheAction = /^cache_(read|write)/.exec(meter)?.[1];
  return {
    SkuId: place,
    SkuMeter: meter,
    SkuPriceId: [place, serviceTier, ...(region === undefined ? [] : [region]), meter].join('/'),
    SkuPriceDetails: JSON.stringify({
      x_ServiceTier: serviceTier,
      ...(cacheAction !== undefined && { x_TokenCacheAction: cacheAction === 'read' ? 'Read' : 'Write' }),
    }),
  };
}

/** The lines of the list price for the same usage, in the order of the charged ones. */
function listLines(
  entry: LedgerEntry,
  { listPricing }: FocusOptions,
): readonly (CostLine | undefined)[] | undefined {
  const { cost, usage, at } = entry;
  if (listPricing === undefined || usage === undefined || cost.result !== 'priced') return undefined;
  const listed = listPricing.price({ ...placeOf(entry), at, usage });
  if (listed.result !== 'priced' || listed.total.currency !== cost.total.currency) return undefined;
  return cost.lines.map(({ meter }) => listed.lines.find((line) => line.meter === meter));
}

function tagsOf({ attribution }: LedgerEntry): string | null {
  const { tags, ...named } = attribution;
  const all = { ...named, ...tags };
  return Object.keys(all).length === 0 ? null : JSON.stringify(all);
}

function nameOfProvider(id: string, names: Readonly<Record<string, string>>): string {
  if (Object.hasOwn(names, id)) return names[id] as string;
  return Object.hasOwn(usualNames, id) ? (usualNames[id] as string) : id;
}

/** `2026-08-15T12:00:00Z` */
function instantText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('.000Z', 'Z');
}
