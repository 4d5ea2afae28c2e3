import type { PricedModelEntry, PriceSource, PriceVersion, RateGroup } from '../../src/schema.ts';

/** What one source says of one model, in our own schema. */
export interface SourceListing {
  readonly provider: string;
  readonly model: string;
  readonly aliases: readonly string[];
  readonly contextTokens?: number;
  readonly maxOutputTokens?: number;
  readonly versions: readonly SourceVersion[];
}

export type SourceVersion = Pick<PriceVersion, 'validFrom' | 'validTo' | 'rates' | 'free'>;

/** A package that prices are taken from. */
export interface ImportSource {
  /** How rows name it: `genai-prices`, `pi-ai`. */
  readonly key: string;
  readonly info: PriceSource;
  readonly listings: readonly SourceListing[];
  /** What was left out, and why; goes into the report. */
  readonly skipped: readonly string[];
}

/** A rate group while it is being filled in. */
export type WritableGroup = { -readonly [Key in keyof RateGroup]: RateGroup[Key] };
export type WritableEntry = { -readonly [Key in keyof PricedModelEntry]: PricedModelEntry[Key] };
