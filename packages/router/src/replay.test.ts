import { money, type Routing } from '@genops/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordOf } from './record.ts';
import { replay } from './replay.ts';
import { createRouter, type Router } from './router.ts';
import { strategies } from './strategies/names.ts';

const start = Date.parse('2026-03-01T00:00:00Z');
const models = ['gpt-4.1', 'claude-3-5-haiku-latest', 'nobody-knows'];

interface World {
  readonly targets: readonly {
    readonly provider: number;
    readonly model: number;
    readonly cost: number | null;
  }[];
  readonly keys: number;
  readonly throttled: readonly number[];
  /** For each call before: the target that serves it, and whether it does. */
  readonly calls: readonly { readonly at: number; readonly works: boolean }[];
  readonly constraint: number;
  readonly sessionId: string | null;
  readonly rules: number;
}

const world: fc.Arbitrary<World> = fc.record({
  targets: fc.array(
    fc.record({
      provider: fc.nat(3),
      model: fc.nat(2),
      cost: fc.option(fc.integer({ min: 1, max: 5_000 })),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  keys: fc.nat(6),
  throttled: fc.array(fc.nat(5), { maxLength: 4 }),
  calls: fc.array(fc.record({ at: fc.nat(5), works: fc.boolean() }), { maxLength: 12 }),
  constraint: fc.nat(4),
  sessionId: fc.option(fc.constantFrom('s1', 's2')),
  rules: fc.nat(3),
});

const constraints = [
  {},
  { maxCost: money('0.002') },
  { minSuccessRate: 0.9 },
  { blockedModels: ['gpt-*'], minQuality: 0.2 },
  { maxLatencyMs: 1_500 },
];

const rules = [
  {},
  { prefer: { regions: ['eu'], tiers: ['premium'] } },
  { fallbackStrategy: 'reliability' },
  { split: { name: 'arms', shares: { t0: 1, t1: 1, t2: 1 } }, prefer: { regions: ['us'] } },
];
const regions = ['eu', 'us', undefined];

/** A router with a past, and the record of a plan that it makes. */
async function recorded(
  strategy: string,
  { targets, keys, throttled, calls, constraint, sessionId, rules: at }: World,
) {
  let now = start;
  const router = createRouter({ strategy, seed: 'replay', nowMs: () => now, sleep: async () => undefined });
  for (let key = 0; key < keys; key += 1) {
    router.keys.register({ id: `k${key}`, provider: `p${key % 2}`, secret: `s${key}` });
  }
  const priced = targets.map(({ provider, model, cost }, index) => ({
    target: {
      id: `t${index}`,
      provider: `p${provider}`,
      model: models[model] as string,
      ...(regions[provider] !== undefined && { region: regions[provider] as string }),
      ...(model === 0 && { tier: 'premium' }),
    },
    ...(cost !== null && { cost: money(`${cost / 1_000_000}`), bound: money(`${cost / 500_000}`) }),
  }));
  const request = (id: string, some = priced) => ({
    id,
    targets: some,
    needs: { inputTokens: 10, outputTokens: 10 },
    stream: calls.length % 2 === 0,
    ...(sessionId !== null && { sessionId }),
  });
  for (const [index, { at: place, works }] of calls.entries()) {
    now += 700;
    const plan = router.plan(
      request(`before ${index}`, [priced[place % priced.length] as (typeof priced)[0]]),
    );
    await router.run(plan, {
      deadlineMs: 60_000,
      signal: new AbortController().signal,
      attemptOnce: async () => {
        now += 300;
        return works
          ? { result: 'succeeded', answer: 1, headers: {} }
          : { result: 'failed', answer: 0, failure: { kind: 'status', status: 500, headers: {}, body: '' } };
      },
    });
  }
  for (const key of throttled) if (key < keys) router.keys.setState(`k${key}`, 'throttled');
  const excluded = [{ targetId: 'elsewhere', reason: 'a rule denies it' }];
  const plan = router.plan({
    ...request('now'),
    excluded,
    constraints: constraints[constraint] as object,
    rules: rules[at] as object,
  });
  return { router, record: JSON.parse(JSON.stringify(recordOf(plan))) as Routing };
}

describe('replay', () => {
  it.each(Object.keys(strategies))(
    'makes every decision again out of nothing but its record: %s',
    async (strategy) => {
      await fc.assert(
        fc.asyncProperty(world, async (past) => {
          const { record } = await recorded(strategy, past);
          const again = replay(record);
          expect(again.same).toBe(true);
          expect(again.candidates.map(({ targetId, rank, keyId }) => [targetId, rank, keyId])).toEqual(
            record.candidates.map(({ targetId, rank, keyId }) => [targetId, rank, keyId]),
          );
        }),
        { numRuns: 60 },
      );
    },
  );

  const one: World = {
    targets: [
      { provider: 0, model: 0, cost: 100 },
      { provider: 2, model: 1, cost: 50 },
    ],
    keys: 4,
    throttled: [],
    calls: [],
    constraint: 0,
    sessionId: null,
    rules: 0,
  };
  type Candidate = Routing['candidates'][number];
  const changed = (record: Routing, change: (candidate: Candidate) => Candidate): Routing => ({
    ...record,
    candidates: record.candidates.map(change),
  });

  it('notices when a record does not say what follows from its facts', async () => {
    const { record } = await recorded('cost', one);
    expect(replay(record).same).toBe(true);
    const dearer = changed(record, (candidate) =>
      candidate.rank === 1 ? { ...candidate, cost: { amount: '9', currency: 'USD' } } : candidate,
    );
    expect(replay(dearer).same).toBe(false);
    expect(replay(dearer).candidates[0]?.targetId).toBe('t0');
    const swapped = changed(record, (candidate) => {
      const { facts } = candidate;
      const weighed = facts?.key?.weighed;
      if (facts === undefined || weighed === undefined) return candidate;
      // The one that was taken is the worse one now.
      const key = {
        ...facts.key,
        weighed: weighed.map(({ keyId }) => ({ keyId, burden: keyId === candidate.keyId ? 1 : 0 })),
      };
      return { ...candidate, facts: { ...facts, key } };
    });
    expect(record.candidates[1]?.facts?.key?.weighed).toHaveLength(2);
    expect(replay(swapped).same).toBe(false);
  });

  it('does so with objectives that were weighed, and with a strategy of one’s own', async () => {
    const weights = { cost: 1, latency: 3 };
    const weighing = createRouter({ weights, seed: 'w' });
    const targets = ['a/x', 'b/y'].map((id, index) => ({
      target: { id, provider: id.slice(0, 1), model: id.slice(2) },
      cost: money(`0.00${index + 1}`),
    }));
    const request = { id: 'op', targets, needs: { inputTokens: 1, outputTokens: 1 }, stream: false };
    const record = recordOf(weighing.plan(request));
    expect(record.asked?.weights).toEqual(weights);
    expect(replay(record).same).toBe(true);

    const own: Router = createRouter({ seed: 'own' });
    own.registerRoutingStrategy('last_one', ({ position }) => position);
    const ownRecord = recordOf(own.plan(request, { strategy: 'last_one' }));
    expect(own.replay(ownRecord)).toMatchObject({
      same: true,
      candidates: [{ targetId: 'b/y' }, { targetId: 'a/x' }],
    });
    expect(() => replay(ownRecord)).toThrow('expected one of');
  });

  it('has nothing to do where one candidate was alone, and its record is short', async () => {
    const { record } = await recorded('balanced', { ...one, targets: one.targets.slice(0, 1) });
    expect(record.asked).toBeUndefined();
    expect(replay(record).same).toBe(true);
    expect(JSON.stringify(record).length).toBeLessThan(500);
  });
});
