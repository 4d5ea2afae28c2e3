import { ConfigurationError } from '@genops/core';
import { matchesPattern } from '../patterns.ts';
import type { RouteTarget } from '../target.ts';
import { aiderPolyglot } from './aider-polyglot.ts';

/** How good a model's answers are, and who says so. */
export interface Quality {
  /** 0 to 1. */
  readonly value: number;
  /** `configured`, or a published benchmark with the day of its measurement. */
  readonly from: string;
}

export interface QualityOptions {
  /**
   * By model, or by `provider/model`; `*` stands for any run of characters. The first that fits counts, and
   * wins over what is published.
   */
  readonly models?: Readonly<Record<string, number>>;
  /** What stands for models that are not in `models`. @default 'aider_polyglot' */
  readonly published?: 'aider_polyglot' | 'none';
}

/** @returns nothing for a model of which nothing is known */
export type QualityLookup = (
  target: Pick<RouteTarget, 'provider' | 'model' | 'quality'>,
) => Quality | undefined;

/** What a model is taken for of which nothing is known; records say so. */
export const unknownQuality: Quality = { value: 0.5, from: 'not known, taken as 0.5' };

/** Model names come from callers, so what is remembered of them is bounded. */
const rememberedModels = 10_000;

/** @throws {ConfigurationError} when a value is not from 0 to 1 */
export function createQualityLookup({
  models = {},
  published = 'aider_polyglot',
}: QualityOptions = {}): QualityLookup {
  const own = Object.entries(models);
  for (const [model, value] of own) {
    if (!(value >= 0 && value <= 1)) {
      throw new ConfigurationError(`quality.models.${model}`, `expected a number from 0 to 1, got ${value}`);
    }
  }
  const table = new Map<string, Quality>();
  for (const [names, percent, date] of published === 'none' ? [] : aiderPolyglot.rows) {
    const quality = { value: Math.round(percent * 10) / 1_000, from: `${aiderPolyglot.name}, ${date}` };
    for (const name of names) table.set(name, quality);
  }
  const known = new Map<string, Quality | undefined>();

  const find = (provider: string, model: string): Quality | undefined => {
    const both = `${provider}/${model}`;
    const named = own.find(([pattern]) => matchesPattern(pattern, model) || matchesPattern(pattern, both));
    if (named !== undefined) return { value: named[1], from: 'configured' };
    // Gateways and model servers put the maker before the name.
    return table.get(model.slice(model.lastIndexOf('/') + 1).toLowerCase());
  };
  return ({ provider, model, quality }) => {
    if (quality !== undefined) return { value: quality, from: 'configured' };
    const id = `${provider}\n${model}`;
    if (known.has(id)) return known.get(id);
    if (known.size >= rememberedModels) known.clear();
    const found = find(provider, model);
    known.set(id, found);
    return found;
  };
}
