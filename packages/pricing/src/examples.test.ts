import { readFileSync } from 'node:fs';
import { type AnswerFacts, amountOf, money, usageFromSnake } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { createPricing } from './create-pricing.ts';
import { type PricedComponent, priceLine } from './price-line.ts';

/** Worked examples, each with the sources that agree on it. */
interface Example {
  readonly id: string;
  readonly kind: 'cost' | 'fee' | 'aggregate' | 'error' | 'usage';
  readonly provider: string;
  readonly model: string | null;
  readonly at?: string;
  readonly note?: string;
  readonly confidence: string;
  readonly expected_cost_usd?: string | null;
  readonly expected_error?: string;
  readonly components?: readonly Omit<PricedComponent, 'subtotal_usd'>[];
  readonly multiplier?: string;
  readonly expected_normalised_usage?: Record<string, number> | null;
  readonly expected_sub_calls?: readonly {
    readonly type: string;
    readonly model: string;
    readonly usage: Record<string, number>;
  }[];
  readonly reported?: { readonly cost: string };
  readonly cost_basis?: string;
}

const examples = readFileSync(new URL('../fixtures/examples.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Example);

const prices = createPricing();
const titled = (kinds: readonly string[]) =>
  examples
    .filter(({ kind }) => kinds.includes(kind))
    .map((example) => ({ ...example, title: `${example.id} ${example.provider} ${example.model ?? ''}` }));

/** The order of lines is not part of the examples. */
function sorted<Line extends { readonly unit: string }>(lines: readonly Line[]): readonly Line[] {
  return [...lines].sort((left, right) => left.unit.localeCompare(right.unit));
}

describe('priceLine', () => {
  it.each(titled(['cost', 'fee', 'aggregate', 'error']))('prices $title', (example) => {
    const line = priceLine(prices, example);
    expect(line.error).toBe(example.expected_error ?? null);
    expect(line.cost_usd).toBe(example.expected_cost_usd);
  });

  it.each(titled(['cost']).filter(({ confidence }) => confidence !== 'low'))(
    'shows how $title came about',
    (example) => {
      const { components } = priceLine(prices, example);
      const shown = components.map(({ unit, quantity, rate_usd, per, multiplier }) => ({
        unit,
        quantity,
        // A price for one and a price for a thousand may be the same price.
        rate: Number(rate_usd) / Number(per),
        multiplier: multiplier ?? '1',
      }));
      const expected = (example.components ?? []).map(({ unit, quantity, rate_usd, per }) => ({
        unit,
        quantity,
        rate: Number(rate_usd) / Number(per),
        multiplier: example.multiplier ?? '1',
      }));
      expect(sorted(shown)).toEqual(sorted(expected));
    },
  );
});

describe('price', () => {
  const priced = titled(['usage']).filter(
    ({ expected_cost_usd, expected_normalised_usage, model }) =>
      expected_cost_usd && expected_normalised_usage && model,
  );

  it.each(priced)('charges what $title reports or comes to', (example) => {
    const parts: AnswerFacts['parts'] = example.expected_sub_calls
      // Messages are already in the totals; advice and compaction are not.
      ?.filter(({ type }) => type !== 'message')
      .map(({ model, usage }) => ({ responseModel: model, usage: usageFromSnake(usage) }));
    const cost = prices.price({
      provider: example.provider,
      model: example.model as string,
      at: example.at ?? '2026-09-24T12:00:00Z',
      usage: usageFromSnake(example.expected_normalised_usage ?? {}),
      ...(parts && { parts }),
      ...(example.reported && { reportedCost: money(example.reported.cost) }),
    });
    if (cost.result === 'unpriced') throw new Error(cost.message);
    expect(amountOf(cost.total)).toBe(example.expected_cost_usd);
    expect(cost.basis).toBe(example.reported ? 'reported' : 'computed');
  });
});
