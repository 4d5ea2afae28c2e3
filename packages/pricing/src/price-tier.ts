import { Decimal, type Meter } from '@genops/core';
import type { Sheet } from './sheet.ts';

/** How dear a model is, by what a million tokens of usual work cost. */
export type PriceTier = 'free' | 'economy' | 'balanced' | 'premium' | 'flagship';

/** Where each tier ends, per million tokens, three of input for one of output. */
const tierEnds: readonly (readonly [PriceTier, Decimal])[] = [
  ['economy', new Decimal('1')],
  ['balanced', new Decimal('10')],
  ['premium', new Decimal('50')],
];

/** @returns undefined for what is not priced by text tokens */
export function tierOf(sheet: Sheet): PriceTier | undefined {
  const blended = blendedPrice(sheet);
  if (blended === undefined) return undefined;
  if (blended.eq('0')) return 'free';
  return tierEnds.find(([, end]) => blended.lt(end))?.[0] ?? 'flagship';
}

/** What a million tokens cost, three of input for one of output. */
export function blendedPrice(sheet: Sheet): Decimal | undefined {
  const [input, output] = [perMillion(sheet, 'input'), perMillion(sheet, 'output')];
  return input && output && input.times('3').plus(output).times('0.25');
}

function perMillion(sheet: Sheet, meter: Meter): Decimal | undefined {
  const rate = sheet.rates[meter]?.[0];
  if (rate === undefined || rate.divisor !== 1n) return undefined;
  return new Decimal(`${rate.steps * 1_000_000n}e-${sheet.scale}`);
}
