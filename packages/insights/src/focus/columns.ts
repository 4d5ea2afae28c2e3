/** Versions of the FOCUS specification that can be written. */
export const focusVersions = ['1.2', '1.3', '1.4'] as const;

export type FocusVersion = (typeof focusVersions)[number];

export interface FocusColumn {
  readonly type: 'string' | 'decimal' | 'datetime' | 'json';
  readonly nullable: boolean;
  readonly allowed?: readonly string[];
  /** The last version that has it. */
  readonly until?: FocusVersion;
  /** The first version that has it. */
  readonly since?: FocusVersion;
}

const text = { type: 'string', nullable: false } as const;
const optional = { type: 'string', nullable: true } as const;
const amount = { type: 'decimal', nullable: false } as const;
const quantity = { type: 'decimal', nullable: true } as const;
const instant = { type: 'datetime', nullable: false } as const;

/**
 * The columns of the Cost and Usage dataset that a ledger of LLM calls can fill: all mandatory ones, and the
 * conditional ones that apply. In the order in which they are written; columns of one's own come after them.
 *
 * @see https://focus.finops.org/focus-specification/ versions 1.2 (2025-05-29), 1.3 (2025-12-04), 1.4 (2026-06-04); column
 * definitions in `specification/` of https://github.com/FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec (checked 2026-11-30)
 */
export const focusColumns = {
  BilledCost: amount,
  BillingAccountId: text,
  BillingAccountName: optional,
  BillingCurrency: text,
  BillingPeriodEnd: instant,
  BillingPeriodStart: instant,
  ChargeCategory: { ...text, allowed: ['Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment'] },
  ChargeClass: { ...optional, allowed: ['Correction'] },
  ChargeDescription: optional,
  ChargeFrequency: { ...text, allowed: ['One-Time', 'Recurring', 'Usage-Based'] },
  ChargePeriodEnd: instant,
  ChargePeriodStart: instant,
  ConsumedQuantity: quantity,
  ConsumedUnit: optional,
  ContractedCost: amount,
  ContractedUnitPrice: quantity,
  EffectiveCost: amount,
  HostProviderName: { ...text, since: '1.3' },
  InvoiceIssuerName: text,
  ListCost: amount,
  ListUnitPrice: quantity,
  PricingCategory: { ...optional, allowed: ['Standard', 'Dynamic', 'Committed', 'Other'] },
  PricingQuantity: quantity,
  PricingUnit: optional,
  ProviderName: { ...text, until: '1.3' },
  PublisherName: { ...text, until: '1.3' },
  RegionId: optional,
  RegionName: optional,
  ServiceCategory: { ...text, allowed: ['AI and Machine Learning'] },
  ServiceName: text,
  ServiceProviderName: { ...text, since: '1.3' },
  ServiceSubcategory: { ...text, allowed: ['Generative AI'] },
  SkuId: optional,
  SkuMeter: optional,
  SkuPriceDetails: { type: 'json', nullable: true },
  SkuPriceId: optional,
  SubAccountId: optional,
  SubAccountName: optional,
  Tags: { type: 'json', nullable: true },
  x_ConsumerId: optional,
  x_CostSource: optional,
  x_EntryId: text,
  x_OperationId: text,
  x_PriceId: optional,
  x_ProviderKeyId: optional,
  x_RequestModel: text,
  x_ResponseModel: optional,
} as const satisfies Readonly<Record<string, FocusColumn>>;

export type FocusColumnName = keyof typeof focusColumns;

/** One charge: text for every column, decimals written plainly, `null` where there is no value. */
export type FocusRow = { readonly [Name in FocusColumnName]: string | null };

/** Names of the columns of a version, in order. */
export function columnsOf(version: FocusVersion): readonly FocusColumnName[] {
  const place = focusVersions.indexOf(version);
  return (Object.keys(focusColumns) as FocusColumnName[]).filter((name) => {
    const { since = '1.2', until = '1.4' }: FocusColumn = focusColumns[name];
    return place >= focusVersions.indexOf(since) && place <= focusVersions.indexOf(until);
  });
}
