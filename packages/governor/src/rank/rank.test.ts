import type { RankObjective } from '@genops/core';
import { createPricing } from '@genops/pricing';
import { createRouter, type Router, targetId } from '@genops/router';
import { describe, expect, it } from 'vitest';
import { createRanker } from './rank.ts';

const candidates = [
  { provider: 'openai', model: 'gpt-4o' },
  { provider: 'openai', model: 'gpt-4o-mini' },
  { provider: 'anthropic', model: 'nobody-knows-me' },
];
const facts = { requestModel: 'gpt-4o', stream: false, choices: 1, maxOutputTokens: 100, inputBytes: 4000 };
const failure = { kind: 'status' as const, status: 500, headers: {}, body: '' };
const given = candidates.map(({ model }) => model);

function ranker(router: Router = createRouter()) {
  let ids = 0;
  const rank = createRanker({
    router,
    pricing: createPricing(),
    pricedAt: (place) => place,
    now: () => new Date('2026-11-01T00:00:00Z'),
    newId: () => `rank-${ids++}`,
  });
  return (objective: RankObjective) => rank({ candidates, objective, facts });
}

describe('rank', () => {
  it('puts the cheapest first for this very request, and what has no price last', () => {
    const ranked = ranker()('cost');
    expect(ranked.map(({ model, score }) => [model, score > 0])).toEqual([
      ['gpt-4o-mini', true],
      ['gpt-4o', true],
      ['nobody-knows-me', false],
    ]);
    expect(ranked[0]?.score).toBe(1);
    expect(ranked.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^cost: costs 0\.000\d+$/),
      expect.stringMatching(/^cost: costs 0\.00\d+$/),
      'cost: no known price',
    ]);
    expect(ranked[2]?.estimatedCost).toBeUndefined();
  });

  it('keeps the order given', () => {
    expect(ranker()('order').map(({ model }) => model)).toEqual(given);
  });

  it('knows what the router measured, whoever made the calls', async () => {
    const router = createRouter({ maxAttempts: 1 });
    const rank = ranker(router);
    expect(rank('reliability')[0]?.model).toBe('gpt-4o');
    const place = { provider: 'openai', model: 'gpt-4o' };
    for (let call = 0; call < 3; call += 1) {
      const plan = router.plan({
        id: `call-${call}`,
        targets: [{ target: { id: targetId(place), ...place } }],
        needs: { inputTokens: 1, outputTokens: 1 },
        stream: false,
      });
      await router.run(plan, {
        attemptOnce: async () => ({ result: 'failed', answer: undefined, failure }),
        deadlineMs: 1000,
        signal: new AbortController().signal,
      });
    }
    expect(rank('reliability').at(-1)?.model).toBe('gpt-4o');
  });

  it('gives scores from 1 down to 0, the best first', () => {
    for (const objective of ['cost', 'latency', 'reliability', 'balanced', 'order', 'round_robin'] as const) {
      const scores = ranker()(objective).map(({ score }) => score);
      expect(scores).toHaveLength(3);
      expect(scores).toEqual([...scores].sort((left, right) => right - left));
      for (const score of scores) expect(score).toSatisfy((value: number) => value >= 0 && value <= 1);
    }
  });
});
