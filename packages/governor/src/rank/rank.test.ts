import type { GovernorEvent, RankObjective } from '@genops/core';
import { createPricing } from '@genops/pricing';
import { describe, expect, it } from 'vitest';
import { createModelHealth } from './health.ts';
import { createRanker } from './rank.ts';

const candidates = [
  { provider: 'openai', model: 'gpt-4o' },
  { provider: 'openai', model: 'gpt-4o-mini' },
  { provider: 'openai', model: 'nobody-knows-me' },
];
const facts = { requestModel: 'gpt-4o', stream: false, choices: 1, maxOutputTokens: 100, inputBytes: 4000 };

function ranker() {
  const health = createModelHealth();
  const rank = createRanker({
    pricing: createPricing(),
    health,
    pricedAt: (place) => place,
    now: () => new Date('2026-11-01T00:00:00Z'),
  });
  const order = (objective: RankObjective): string[] =>
    rank({ candidates, objective, facts }).map(({ model }) => model);
  const served = (model: string, durationMs: number, outcome: 'completed' | 'failed' = 'completed'): void =>
    health.note({
      kind: 'settled',
      durationMs,
      entry: { kind: 'settled', provider: 'openai', requestModel: model, outcome },
    } as GovernorEvent);
  return { rank, order, served };
}

describe('rank', () => {
  it('puts the cheapest first for this very request, and what has no price last', () => {
    const { rank } = ranker();
    const ranked = rank({ candidates, objective: 'cost', facts });
    expect(ranked.map(({ model, score }) => [model, score > 0])).toEqual([
      ['gpt-4o-mini', true],
      ['gpt-4o', true],
      ['nobody-knows-me', false],
    ]);
    expect(ranked[0]?.score).toBe(1);
    expect(ranked[0]?.reason).toMatch(/^about 0\.000\d+ USD, 2000 ms, 95\.0 % answered$/);
    expect(ranked[2]?.reason).toMatch(/^no price known/);
  });

  it('puts the fastest first once it was measured, and gives the unmeasured their chance', () => {
    const { order, served } = ranker();
    served('gpt-4o', 3_000);
    expect(order('latency')[0]).toBe('gpt-4o-mini');
    served('gpt-4o-mini', 4_000);
    expect(order('latency')).toEqual(['nobody-knows-me', 'gpt-4o', 'gpt-4o-mini']);
    for (let call = 0; call < 30; call += 1) served('gpt-4o-mini', 500);
    expect(order('latency')[0]).toBe('gpt-4o-mini');
  });

  it('puts what answers first, and forgets old failures', () => {
    const { order, served } = ranker();
    served('gpt-4o', 100, 'failed');
    expect(order('reliability').at(-1)).toBe('gpt-4o');
    for (let call = 0; call < 30; call += 1) served('gpt-4o', 100);
    expect(order('reliability')[0]).toBe('gpt-4o');
  });

  it('weighs all three when it balances', () => {
    const { order, served } = ranker();
    expect(order('balanced')[0]).toBe('gpt-4o-mini');
    for (let call = 0; call < 10; call += 1) served('gpt-4o-mini', 60_000, 'failed');
    for (let call = 0; call < 10; call += 1) served('gpt-4o', 300);
    expect(order('balanced')[0]).toBe('gpt-4o');
  });

  it('keeps the order given, or takes turns', () => {
    const { order } = ranker();
    const given = candidates.map(({ model }) => model);
    expect(order('order')).toEqual(given);
    expect([0, 1, 2, 3].map(() => order('round_robin')[0])).toEqual([...given, given[0]]);
  });

  it('gives scores from 1 down to 0, the best first', () => {
    const { rank } = ranker();
    for (const objective of ['cost', 'latency', 'reliability', 'balanced', 'order', 'round_robin'] as const) {
      const scores = rank({ candidates, objective, facts }).map(({ score }) => score);
      expect(scores).toEqual([...scores].sort((left, right) => right - left));
      for (const score of scores) expect(score).toSatisfy((value: number) => value >= 0 && value <= 1);
    }
  });

  it('of no candidates is empty', () => {
    expect(ranker().rank({ candidates: [], objective: 'cost', facts })).toEqual([]);
  });
});
