import type { VolumeStep } from './compiled-version.ts';
import { type UsedVolume, usedVolume } from './condition.ts';
import { findPrices, type Locate } from './find-prices.ts';
import type { PricedModel } from './pricing.ts';

/** Where an account stands in a contract whose prices fall with volume. */
export interface VolumeDiscount {
  /** All steps, by where they begin; empty when the contract has none. */
  readonly steps: readonly VolumeStep[];
  /** The step that holds; absent below the first. */
  readonly current?: VolumeStep;
  /** The step that comes next, and how much is missing, as exact decimal text in its unit. */
  readonly next?: VolumeStep & { readonly missing: string };
}

/** @param question.volume - what was metered in this billing period */
export function findVolumeDiscount(locate: Locate, question: PricedModel): VolumeDiscount {
  const found = findPrices(locate, question);
  const steps = found.result === 'found' ? found.prices.volumeSteps : [];
  const reached = (step: VolumeStep): boolean => used(question.volume, step).gte(step.from);
  const current = steps.findLast(reached);
  const next = steps.find((step) => !reached(step));
  return {
    steps,
    ...(current && { current }),
    ...(next && { next: { ...next, missing: missing(next, question.volume) } }),
  };
}

function used(volume: UsedVolume | undefined, { unit }: VolumeStep) {
  return usedVolume(volume, unit);
}

function missing(step: VolumeStep, volume: UsedVolume | undefined): string {
  return used(volume, step).minus(step.from).abs().toFixed();
}
