import { amountOf, type LedgerEntry, money } from '@genops/core';
import { createRouter, recordOf } from '@genops/router';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../test/random.ts';
import { costOf, sampleEntry, unpriced } from '../test/sample-entry.ts';
import { armByDimension, armBySplit, experiment } from './experiment.ts';

/** Calls of sessions in two arms; what an arm is like is said for each. */
function trial(options: {
  readonly sessions: number;
  readonly callsPerSession?: number;
  readonly cost: (arm: string, random: () => number) => number;
  readonly failing?: (arm: string) => number;
  readonly latencyMs?: (arm: string, random: () => number) => number;
}): LedgerEntry[] {
  const random = seededRandom(42);
  const { sessions, callsPerSession = 3, cost, failing = () => 0.02, latencyMs = () => 1000 } = options;
  return Array.from({ length: sessions }, (_, session) => {
    const variant = session % 2 === 0 ? 'a' : 'b';
    return Array.from({ length: callsPerSession }, (__, call) =>
      sampleEntry(`${session}-${call}`, {
        attribution: { sessionId: `s${session}`, tags: { variant } },
        cost: costOf(cost(variant, random).toFixed(9)),
        endedAt: new Date(
          Date.parse('2026-08-15T12:00:00Z') + Math.round(latencyMs(variant, random)),
        ).toISOString(),
        outcome: random() < failing(variant) ? 'failed' : 'completed',
      }),
    );
  }).flat();
}

const options = { armOf: armByDimension('tags.variant'), control: 'a' };

describe('experiment', () => {
  it('gives cost, latency and success of each arm, and says which is better when that is no chance', async () => {
    const entries = trial({
      sessions: 800,
      cost: (arm, random) => (arm === 'a' ? 0.01 : 0.008) * (0.5 + random()),
      failing: (arm) => (arm === 'a' ? 0.01 : 0.06),
      latencyMs: (arm, random) => (arm === 'a' ? 1000 : 1000) * (0.5 + random()),
    });
    const result = await experiment(entries, options);
    expect(result.arms.map(({ arm, units, calls }) => [arm, units, calls])).toEqual([
      ['a', 400, 1200],
      ['b', 400, 1200],
    ]);
    expect(result.comparisons[0]?.verdict).toEqual({
      cost: 'better',
      success: 'worse',
      latency: 'no_difference_shown',
    });
    const total = entries
      .filter(({ attribution }) => attribution.tags?.['variant'] === 'a')
      .reduce(
        (sum, { cost }) => (cost.result === 'priced' ? sum.plus(cost.total.amount) : sum),
        money('0').amount,
      );
    expect(result.arms[0] && amountOf(result.arms[0].cost)).toBe(total.toFixed());
    expect(result.threshold).toBeCloseTo(0.05 / 3, 10);
  });

  it('shows no difference where there is none, for nearly every experiment', async () => {
    let wrong = 0;
    for (let seed = 1; seed <= 60; seed += 1) {
      const random = seededRandom(seed);
      const entries = Array.from({ length: 200 }, (_, index) =>
        sampleEntry(`${seed}-${index}`, {
          attribution: { tags: { variant: random() < 0.5 ? 'a' : 'b' } },
          cost: costOf((random() * 0.02).toFixed(9)),
          outcome: random() < 0.1 ? 'failed' : 'completed',
        }),
      );
      const { comparisons } = await experiment(entries, options);
      const verdict = comparisons[0]?.verdict;
      if (
        verdict?.cost !== 'no_difference_shown' ||
        verdict.success === 'better' ||
        verdict.success === 'worse'
      ) {
        wrong += 1;
      }
    }
    // Five in a hundred are allowed by chance.
    expect(wrong).toBeLessThanOrEqual(6);
  });

  it('counts sessions, not calls: many calls of few sessions prove nothing', async () => {
    const few = trial({ sessions: 20, callsPerSession: 500, cost: (arm) => (arm === 'a' ? 0.01 : 0.02) });
    const { comparisons } = await experiment(few, options);
    expect(comparisons[0]?.verdict).toEqual({
      cost: 'too_little_data',
      success: 'too_little_data',
      latency: 'too_little_data',
    });
  });

  it('keeps a unit in the arm where it began, also when a fallback served it', async () => {
    const session = { sessionId: 's1' };
    const { arms, crossovers, unassigned } = await experiment(
      [
        sampleEntry('one', { attribution: { ...session, tags: { variant: 'a' } }, outcome: 'failed' }),
        sampleEntry('one-again', { operationId: 'one', attempt: 2, attribution: session }),
        sampleEntry('two', { attribution: { ...session, tags: { variant: 'b' } } }),
        sampleEntry('elsewhere', { attribution: {} }),
      ],
      options,
    );
    expect(arms).toEqual([expect.objectContaining({ arm: 'a', units: 1, calls: 3, success: 1 })]);
    expect({ crossovers, unassigned }).toEqual({ crossovers: 1, unassigned: 1 });
  });

  it('never takes an unknown cost for none', async () => {
    const { arms } = await experiment(
      [
        sampleEntry('one', { attribution: { tags: { variant: 'a' } }, cost: costOf('0.5') }),
        sampleEntry('two', { attribution: { tags: { variant: 'a' } }, cost: unpriced }),
      ],
      options,
    );
    expect(arms[0]).toMatchObject({ units: 2, costPerUnit: 0.5, unitsWithUnknownCost: 1 });
  });

  it('refuses more units than it remembers rather than tell of a part', async () => {
    const entries = trial({ sessions: 5, cost: () => 1 });
    await expect(experiment(entries, { ...options, mostUnits: 3 })).rejects.toThrow(/at most 3 units/);
  });
});

describe('armBySplit', () => {
  const targets = ['house/large', 'house/small'].map((id) => {
    const [provider = '', model = ''] = id.split('/');
    return { target: { id, provider, model }, cost: money('0.01') };
  });

  it('reads the arm that a router’s split chose, and keeps sessions that stayed where they were', async () => {
    const router = createRouter({
      seed: 'x',
      split: { name: 'small-first', shares: { 'house/large': 1, 'house/small': 1 } },
    });
    const entries: LedgerEntry[] = [];
    for (let session = 0; session < 40; session += 1) {
      for (let call = 0; call < 3; call += 1) {
        const id = `s${session}-${call}`;
        const needs = { inputTokens: 10, outputTokens: 10 };
        const plan = router.plan({ id, targets, needs, stream: false, sessionId: `s${session}` });
        await router.run(plan, {
          deadlineMs: 1000,
          signal: new AbortController().signal,
          attemptOnce: async () => ({ result: 'succeeded', answer: 1, headers: {} }),
        });
        entries.push(
          sampleEntry(id, {
            attribution: { sessionId: `s${session}` },
            decision: { verdict: 'allowed', rules: [], limits: [], routing: recordOf(plan) },
          }),
        );
      }
    }
    const result = await experiment(entries, { armOf: armBySplit('small-first'), control: 'house/large' });
    expect(result.unassigned).toBe(0);
    expect(result.arms.map(({ arm }) => arm)).toEqual(['house/large', 'house/small']);
    expect(result.arms.reduce((sum, { units }) => sum + units, 0)).toBe(40);
    expect(result.arms.reduce((sum, { calls }) => sum + calls, 0)).toBe(120);
    expect((await experiment(entries, { armOf: armBySplit('other'), control: 'x' })).unassigned).toBe(120);
  });
});
