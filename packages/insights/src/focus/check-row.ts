import { Decimal } from '@genops/core';
import { columnsOf, type FocusColumn, type FocusRow, type FocusVersion, focusColumns } from './columns.ts';

const forms: Readonly<Record<FocusColumn['type'], RegExp>> = {
  string: /^[\s\S]+$/,
  decimal: /^-?(0|[1-9]\d*)(\.\d+)?$/,
  datetime: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/,
  json: /^\{[\s\S]*\}$/,
};

/**
 * Checks a row against the definitions of its columns, and the rules between columns that hold for charges of usage.
 *
 * @returns what is wrong, a sentence each; nothing when all is well
 */
export function checkFocusRow(row: FocusRow, version: FocusVersion): readonly string[] {
  const problems: string[] = [];
  for (const name of columnsOf(version)) {
    const { type, nullable, allowed }: FocusColumn = focusColumns[name];
    const value = row[name];
    if (value === null) {
      if (!nullable) problems.push(`${name} must not be null`);
    } else if (!forms[type].test(value)) {
      problems.push(`${name} must be a ${type}, got "${value}"`);
    } else if (allowed !== undefined && !allowed.includes(value)) {
      problems.push(`${name} must be one of ${allowed.join(', ')}, got "${value}"`);
    }
  }
  return [...problems, ...rulesBetween(row)];
}

function rulesBetween(row: FocusRow): readonly string[] {
  const problems: string[] = [];
  const must = (good: boolean, rule: string): void => {
    if (!good) problems.push(rule);
  };
  const isUsage = row.ChargeCategory === 'Usage';
  if (isUsage && row.ChargeClass !== 'Correction') {
    for (const name of [
      'SkuPriceId',
      'PricingQuantity',
      'PricingUnit',
      'PricingCategory',
      'ConsumedQuantity',
    ] as const) {
      must(row[name] !== null, `${name} must not be null for usage`);
    }
  }
  if (row.SkuPriceId === null) {
    for (const name of [
      'PricingQuantity',
      'PricingUnit',
      'PricingCategory',
      'ListUnitPrice',
      'ContractedUnitPrice',
      'SkuPriceDetails',
    ] as const) {
      must(row[name] === null, `${name} must be null when SkuPriceId is null`);
    }
  }
  must(isUsage || row.ConsumedQuantity === null, 'ConsumedQuantity must be null for what is not usage');
  must(
    (row.ConsumedQuantity === null) === (row.ConsumedUnit === null),
    'ConsumedUnit goes with ConsumedQuantity',
  );
  must(
    (row.PricingQuantity === null) === (row.PricingUnit === null),
    'PricingUnit goes with PricingQuantity',
  );
  must(
    isProduct(row.ListUnitPrice, row.PricingQuantity, row.ListCost),
    'ListCost must be ListUnitPrice times PricingQuantity',
  );
  must(
    isProduct(row.ContractedUnitPrice, row.PricingQuantity, row.ContractedCost),
    'ContractedCost must be ContractedUnitPrice times PricingQuantity',
  );
  must(
    isBefore(row.ChargePeriodStart, row.ChargePeriodEnd),
    'ChargePeriodEnd must be after ChargePeriodStart',
  );
  must(
    isBefore(row.BillingPeriodStart, row.BillingPeriodEnd),
    'BillingPeriodEnd must be after BillingPeriodStart',
  );
  must(/^[A-Z]{3}$/.test(row.BillingCurrency ?? ''), 'BillingCurrency must be a code of ISO 4217');
  return problems;
}

function isProduct(price: string | null, quantity: string | null, cost: string | null): boolean {
  if (price === null || quantity === null || cost === null) return true;
  return new Decimal(price).times(quantity).eq(cost);
}

function isBefore(start: string | null, end: string | null): boolean {
  return start !== null && end !== null && Date.parse(start) < Date.parse(end);
}
