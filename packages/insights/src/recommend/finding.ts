import type { LedgerEntry, Money } from '@genops/core';
import type { ReplayableCall } from '../replay.ts';

export type OptimizationType =
  | 'routing'
  | 'prompt_caching'
  | 'batch'
  | 'output_cap'
  | 'reasoning'
  | 'response_cache'
  | 'budget'
  | 'price_change'
  | 'retirement';

export type EffortLevel = 'low' | 'medium' | 'high';

/** One reason why a saving may be believed, as a number between 0 and 1 and in words. */
export interface Evidence {
  readonly value: number;
  readonly because: string;
}

/** Something that could be done, as a detector found it. */
export interface Finding {
  readonly optimizationType: OptimizationType;
  readonly title: string;
  /** What it is about, by dimension: `team`, `model` … */
  readonly subject: Readonly<Record<string, string>>;
  /** Over the time looked at; exact. */
  readonly potentialSavings: Money;
  /** What is at stake where nothing is saved: a price that rises, a model that goes away. */
  readonly stake?: Money;
  /** Calls that it was computed from. */
  readonly sampleSize: number;
  readonly evidence: readonly Evidence[];
  readonly effortLevel: EffortLevel;
  /** What has to be true for the saving to come. */
  readonly assumption: string;
  /** What speaks against it. */
  readonly against: readonly string[];
}

/** Watches entries pass and says at the end what it found. What it keeps does not grow with their number. */
export interface Detector {
  /** @param call - absent when the entry cannot be priced again */
  see(entry: LedgerEntry, call: ReplayableCall | undefined): void;
  findings(): readonly Finding[];
}
