import { money } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { recordOf } from './record.ts';
import { createRouter, type RouterOptions } from './router.ts';
import { createMemoryStateStore } from './state/store.ts';
import { strategies } from './strategies/names.ts';
import type { PricedTarget, RouteTarget } from './target.ts';

const start = Date.parse('2026-03-01T00:00:00Z');

function setUp(options: RouterOptions = {}) {
  const clock = { nowMs: start };
  const router = createRouter({ seed: 'test', nowMs: () => clock.nowMs, ...options });
  return { clock, router };
}

function place(id: string, cost: string | undefined, more: Partial<RouteTarget> = {}): PricedTarget {
  const [provider = '', model = ''] = id.split('/');
  return { target: { id, provider, model, ...more }, ...(cost !== undefined && { cost: money(cost) }) };
}

const cheap = place('deepseek/chat', '0.001', { quality: 0.4, contextTokens: 8_000 });
const middle = place('openai/gpt-4o', '0.01', {
  quality: 0.8,
  region: 'us',
  capabilities: ['tools', 'vision'],
});
const dear = place('anthropic/opus', '0.05', { quality: 1, region: 'eu', zeroRetention: true });
const targets = [cheap, middle, dear];

const request = (changes: object = {}) => ({
  id: 'op-1',
  targets,
  needs: { inputTokens: 100, outputTokens: 100 },
  stream: false,
  ...changes,
});
const ids = (plan: { readonly routes: readonly { readonly target: RouteTarget }[] }) =>
  plan.routes.map(({ target }) => target.id);

describe('plan', () => {
  it('orders all candidates, with a score and a reason for each', () => {
    const plan = setUp().router.plan(request(), { strategy: 'least-cost' });
    expect(ids(plan)).toEqual(['deepseek/chat', 'openai/gpt-4o', 'anthropic/opus']);
    expect(plan.routes.map(({ score }) => score)).toEqual([1, 0.1, 0.02]);
    expect(plan.routes[1]?.reason).toBe('cost: costs 0.0100');
    expect(plan.routeEfficiency).toBe(1);
  });

  it('says what share of the cost was needed', () => {
    const plan = setUp().router.plan(request(), { strategy: 'quality' });
    expect(ids(plan)[0]).toBe('anthropic/opus');
    expect(plan.routeEfficiency).toBeCloseTo(0.02);
  });

  it.each<[string, object, readonly string[], string]>([
    [
      'allowed providers',
      { constraints: { allowedProviders: ['openai'] } },
      ['openai/gpt-4o'],
      'provider "deepseek" is not allowed',
    ],
    [
      'blocked providers',
      { constraints: { blockedProviders: ['deepseek'] } },
      ['openai/gpt-4o', 'anthropic/opus'],
      'is blocked',
    ],
    [
      'allowed models',
      { constraints: { allowedModels: ['gpt-*'] } },
      ['openai/gpt-4o'],
      'model "chat" is not allowed',
    ],
    [
      'blocked models',
      { constraints: { blockedModels: ['gpt-*', 'chat'] } },
      ['anthropic/opus'],
      'model "chat" is blocked',
    ],
    ['regions', { constraints: { regions: ['eu'] } }, ['anthropic/opus'], 'region not known; allowed are eu'],
    ['retention', { constraints: { zeroRetention: true } }, ['anthropic/opus'], 'may keep what it is sent'],
    [
      'max cost',
      { constraints: { maxCost: money('0.02') } },
      ['deepseek/chat', 'openai/gpt-4o'],
      'costs 0.05 USD; at most 0.02 USD allowed',
    ],
    [
      'quality',
      { constraints: { minQuality: 0.9 } },
      ['anthropic/opus'],
      'quality 0.4; at least 0.9 asked for',
    ],
    [
      'success rate',
      { constraints: { minSuccessRate: 0.99 } },
      [],
      'success rate 0.950; at least 0.99 asked for',
    ],
    [
      'the most that it can cost, where that is more than what it probably does',
      {
        targets: [{ ...cheap, bound: money('0.03') }, middle, dear],
        constraints: { maxCost: money('0.02') },
      },
      ['openai/gpt-4o'],
      'costs 0.03 USD; at most 0.02 USD allowed',
    ],
    [
      'what a model must be known to do',
      { constraints: { capabilities: ['vision'] } },
      ['openai/gpt-4o'],
      'not known to do vision',
    ],
    [
      'how long its context must be',
      { constraints: { minContextTokens: 8_000 } },
      ['deepseek/chat'],
      'context of unknown length; at least 8000 tokens asked for',
    ],
    ['latency', { constraints: { maxLatencyMs: 10 } }, [], 'answers in 2000 ms; at most 10 ms asked for'],
    [
      'capabilities',
      { needs: { capabilities: ['tools', 'audio'], inputTokens: 1, outputTokens: 1 } },
      ['deepseek/chat', 'anthropic/opus'],
      'cannot do audio',
    ],
    [
      'context',
      { needs: { inputTokens: 7_950, outputTokens: 100 } },
      ['openai/gpt-4o', 'anthropic/opus'],
      'context of 8000 tokens; 8050 needed',
    ],
  ])('filters by %s, whatever the strategy', (_, changes, left, reason) => {
    for (const strategy of Object.keys(strategies)) {
      const plan = setUp().router.plan(request(changes), { strategy });
      expect([...ids(plan)].sort()).toEqual([...left].sort());
      expect(plan.rejected.map((one) => one.reason).join('\n')).toContain(reason);
      expect(plan.routes.length + plan.rejected.length).toBe(targets.length);
    }
  });

  it('does not take a target without a price for one that is cheap enough', () => {
    const plan = setUp().router.plan(
      request({ targets: [place('a/b', undefined)], constraints: { maxCost: money('9') } }),
    );
    expect(plan.rejected[0]?.reason).toBe('no known price; at most 9 USD allowed');
  });

  it('is the same again for the same seed, state and request', () => {
    const plans = [setUp(), setUp()].map(({ router }) => {
      for (let key = 0; key < 50; key += 1)
        router.keys.register({ id: `k${key}`, provider: 'openai', secret: `s${key}` });
      return Array.from({ length: 20 }, (_, call) => recordOf(router.plan(request({ id: `op-${call}` }))));
    });
    expect(plans[0]).toEqual(plans[1]);
    expect(
      new Set(plans[0]?.map(({ candidates }) => candidates.find(({ keyId }) => keyId)?.keyId)).size,
    ).toBeGreaterThan(10);
  });

  it('takes keys where the pool has some, and says why where none is ready', () => {
    const { router } = setUp();
    router.keys.register({ id: 'k1', provider: 'openai', secret: 's1' });
    router.keys.register({ id: 'k2', provider: 'anthropic', secret: 's2' });
    router.keys.setState('k2', 'throttled', { cooldownMs: 5_000 });
    const plan = router.plan(request(), { strategy: 'failover' });
    expect(plan.routes.map(({ keyId }) => keyId)).toEqual([undefined, 'k1']);
    expect(plan.rejected).toEqual([{ targetId: 'anthropic/opus', reason: 'no_key_ready: 1 throttled' }]);
    expect(plan.retryAtMs).toBe(start + 5_000);
    expect(recordOf(plan).restingKeys).toEqual([
      { keyId: 'k2', reason: 'throttled', until: '2026-03-01T00:00:05.000Z' },
    ]);
    expect(recordOf(plan)).toMatchObject({
      keys: {
        'openai/gpt-4o': { usable: 1 },
        'anthropic/opus': { usable: 0, resting: { throttled: 1 } },
      },
      retryAt: '2026-03-01T00:00:05.000Z',
    });
  });

  it('counts all of a thousand resting keys in its record, and names a few', () => {
    const { router } = setUp();
    for (let key = 0; key < 1_000; key += 1) {
      router.keys.register({ id: `k${key}`, provider: 'openai', secret: `s${key}` });
      if (key % 4 === 1) router.keys.setState(`k${key}`, 'throttled');
      if (key % 4 === 2) router.keys.setState(`k${key}`, 'disabled');
    }
    const record = recordOf(router.plan(request()));
    expect(record.keys?.['openai/gpt-4o']).toEqual({
      usable: 500,
      resting: { throttled: 250, disabled: 250 },
    });
    expect(record.restingKeys).toHaveLength(20);
    expect(JSON.stringify(record).length).toBeLessThan(4_000);
  });

  it('goes by published quality, by configured quality before that, and says so where there is none', () => {
    const { router } = setUp({ quality: { models: { 'in-house*': 0.9 } }, strategy: 'quality' });
    const plan = router.plan(
      request({ targets: [place('a/gpt-4o', '1'), place('b/in-house-7', '1'), place('c/nobody', '1')] }),
    );
    expect(plan.routes.map(({ target, reason }) => `${target.model}: ${reason}`)).toEqual([
      'in-house-7: quality: quality 0.9 (configured)',
      'nobody: quality: quality 0.5 (not known, taken as 0.5)',
      'gpt-4o: quality: quality 0.231 (aider polyglot, 2024-12-30)',
    ]);
    const strict = router.plan(
      request({ targets: [place('c/nobody', '1')], constraints: { minQuality: 0.1 } }),
    );
    expect(strict.rejected[0]?.reason).toBe('quality not known; at least 0.1 asked for');
  });

  it('records every candidate, with rank and score or the reason against it', () => {
    const record = recordOf(setUp().router.plan(request({ constraints: { regions: ['eu', 'us'] } })));
    expect(record.candidates).toHaveLength(3);
    for (const { rank, score, reason } of record.candidates) {
      expect(reason).not.toBe('');
      expect(score === undefined).toBe(rank === undefined);
    }
    expect(JSON.parse(JSON.stringify(record))).toEqual(record);
  });
});

describe('a strategy of one’s own', () => {
  it('orders what is allowed, and cannot bring back what is not', () => {
    const { router } = setUp();
    router.registerRoutingStrategy('longest_name', ({ target }) => target.id.length);
    const plan = router.plan(request({ constraints: { blockedProviders: ['anthropic'] } }), {
      strategy: 'longest_name',
    });
    expect(ids(plan)).toEqual(['deepseek/chat', 'openai/gpt-4o']);
  });

  it('must say numbers, and have a name of its own', () => {
    const { router } = setUp();
    router.registerRoutingStrategy('mad', () => Number.NaN);
    expect(() => router.plan(request(), { strategy: 'mad' })).toThrow(
      'expected a number for "deepseek/chat"',
    );
    expect(() => router.registerRoutingStrategy('cost', () => 1)).toThrow('built-in');
    expect(() => createRouter({ strategy: 'enforced' })).toThrow('expected one of');
  });
});

describe('split', () => {
  it('sends the share that it says, always the same callers, also when it is tiny', () => {
    const split = { name: 'canary', shares: { 'anthropic/opus': 0.002, 'openai/gpt-4o': 0.998 } };
    const { router } = setUp({ split });
    let canary = 0;
    for (let call = 0; call < 20_000; call += 1) {
      const plan = router.plan(request({ id: `op-${call}` }));
      if (ids(plan)[0] === 'anthropic/opus') canary += 1;
    }
    expect(canary).toBeGreaterThan(15);
    expect(canary).toBeLessThan(75);
    const first = router.plan(request({ sessionId: 's' }));
    const again = setUp({ split }).router.plan(request({ id: 'op-2', sessionId: 's' }));
    expect(ids(again)[0]).toBe(ids(first)[0]);
    expect(first.routes[0]?.reason).toContain('split "canary"');
  });

  it('goes elsewhere when its arm cannot serve', () => {
    const { router } = setUp({ split: { name: 'x', shares: { 'anthropic/opus': 1 } }, strategy: 'cost' });
    const plan = router.plan(request({ constraints: { blockedProviders: ['anthropic'] } }));
    expect(ids(plan)[0]).toBe('deepseek/chat');
  });

  it.each([[{}], [{ a: 0 }], [{ a: -1 }]])('refuses the shares %j', (shares) => {
    expect(() => createRouter({ split: { name: 'x', shares: shares as Record<string, number> } })).toThrow(
      'split.shares',
    );
  });
});

describe('rules of a route', () => {
  it('split, stick and stop as the route says, not as the router does', () => {
    const { router } = setUp({ split: { name: 'all', shares: { 'anthropic/opus': 1 } }, strategy: 'cost' });
    const rules = { split: { name: 'own', shares: { 'openai/gpt-4o': 1 } } };
    expect(ids(router.plan(request()))[0]).toBe('anthropic/opus');
    expect(ids(router.plan(request({ rules })))[0]).toBe('openai/gpt-4o');
  });

  it('prefer regions and tiers, and order what comes after the first in another way', () => {
    const { router } = setUp({ strategy: 'cost' });
    const reasons = (rules: object) =>
      router.plan(request({ rules })).routes.map(({ target, reason }) => `${target.id} ${reason}`);
    expect(reasons({ prefer: { regions: ['eu'] } })[0]).toMatch(/^anthropic\/opus preferred; cost: /);
    const [first, second, third] = reasons({ fallbackStrategy: 'quality' });
    expect(first).toMatch(/^deepseek\/chat cost: /);
    expect(second).toBe('anthropic/opus if that fails: quality: quality 1 (configured)');
    expect(third).toMatch(/^openai\/gpt-4o if that fails: quality: /);
  });

  it('keep keys out that must not serve, in the plan and after a failure', async () => {
    const { router } = setUp();
    for (const id of ['k1', 'k2', 'k3']) router.keys.register({ id, provider: 'openai', secret: id });
    const rules = { blockedKeys: ['k1', 'k2'] };
    for (let call = 0; call < 20; call += 1) {
      const plan = router.plan(request({ id: `b${call}`, targets: [middle], rules }));
      expect(plan.routes.map(({ keyId }) => keyId)).toEqual(['k3']);
    }
    const run = await router.run(router.plan(request({ targets: [middle], rules })), {
      deadlineMs: 1_000,
      signal: new AbortController().signal,
      attemptOnce: async () => ({
        result: 'failed',
        answer: 0,
        failure: { kind: 'status', status: 401, headers: {}, body: '' },
      }),
    });
    expect(run.attempts.map(({ keyId }) => keyId)).toEqual(['k3']);
  });

  it.each([
    ['elsewhere', 2],
    ['stop', 1],
  ] as const)('ask %s after an answer that never came: %i attempts', async (whenUnanswered, attempts) => {
    const { router } = setUp({ strategy: 'failover' });
    const run = await router.run(
      router.plan(request({ targets: [cheap, middle], rules: { whenUnanswered } })),
      {
        deadlineMs: 1_000,
        signal: new AbortController().signal,
        attemptOnce: async () => ({ result: 'failed', answer: 0, failure: { kind: 'timeout', message: '' } }),
      },
    );
    expect(run.attempts).toHaveLength(attempts);
  });

  it('have error classes of their own before all others', async () => {
    const { router } = setUp({ strategy: 'failover' });
    const errorClasses = [
      { id: 'teapot', when: { status: [418] }, next: 'next_provider', blame: 'nobody' },
    ] as const;
    const tried = async (rules: object) => {
      const run = await router.run(router.plan(request({ targets: [cheap, middle], rules })), {
        deadlineMs: 1_000,
        signal: new AbortController().signal,
        attemptOnce: async () => ({
          result: 'failed',
          answer: 0,
          failure: { kind: 'status', status: 418, headers: {}, body: '' },
        }),
      });
      return run.attempts.map(({ errorClass }) => errorClass);
    };
    expect(await tried({})).toEqual(['bad_request']);
    expect(await tried({ errorClasses })).toEqual(['teapot', 'teapot', 'teapot']);
  });
});

describe('a sticky session', () => {
  const serve = async (router: ReturnType<typeof setUp>['router'], id: string, sessionId: string) => {
    const plan = router.plan(request({ id, sessionId, targets: [cheap, middle] }));
    await router.run(plan, {
      deadlineMs: 1_000,
      signal: new AbortController().signal,
      attemptOnce: async () => ({ result: 'succeeded', answer: 1, headers: {} }),
    });
    return plan.routes[0] as (typeof plan.routes)[0];
  };
  const replica = (seed: string) => {
    const { router, clock } = setUp({ seed, strategy: 'cost' });
    for (let key = 0; key < 30; key += 1) {
      router.keys.register({ id: `d${key}`, provider: 'deepseek', secret: `d${key}` });
      router.keys.register({ id: `o${key}`, provider: 'openai', secret: `o${key}` });
    }
    return { router, clock };
  };

  it('gets the same key from replicas that have never spoken', async () => {
    const [here, there] = [replica('here'), replica('there')];
    for (let session = 0; session < 50; session += 1) {
      const first = await serve(here.router, `a${session}`, `s${session}`);
      const second = await serve(there.router, `b${session}`, `s${session}`);
      expect(second.keyId).toBe(first.keyId);
    }
  });

  it('stays where another replica served it, also when that is not where it would go by itself', async () => {
    const [here, there] = [replica('here'), replica('there')];
    const store = createMemoryStateStore(() => start);
    // The cheap provider is out, but only this replica knows, and only for a moment.
    for (const { id } of here.router.keys.list({ provider: 'deepseek' })) {
      here.router.keys.setState(id, 'throttled', { cooldownMs: 1 });
    }
    const first = await serve(here.router, 'a', 'talk');
    expect(first.target.provider).toBe('openai');
    here.clock.nowMs += 10;
    await here.router.exchange(store, 'here');
    there.clock.nowMs += 10;
    await there.router.exchange(store, 'there');
    const second = await serve(there.router, 'b', 'talk');
    expect(second).toMatchObject({ target: first.target, keyId: first.keyId });
    expect(second.reason).toContain('sticky session');
    expect((await serve(there.router, 'c', 'another talk')).target.provider).toBe('deepseek');
  });

  it('is not taken back to where it was by older news', async () => {
    const [here, there] = [replica('here'), replica('there')];
    here.router.merge({
      keys: [],
      breakers: [],
      sessions: [{ sessionId: 's', targetId: 'openai/gpt-4o', atMs: start }],
    });
    const older = { sessionId: 's', targetId: 'deepseek/chat', atMs: start - 1_000 };
    here.router.merge({ keys: [], breakers: [], sessions: [older] });
    expect((await serve(here.router, 'a', 's')).target.id).toBe('openai/gpt-4o');
    const gone = { sessionId: 's', targetId: 'openai/gpt-4o', atMs: start - 600_000 };
    there.router.merge({ keys: [], breakers: [], sessions: [gone] });
    expect((await serve(there.router, 'b', 's')).target.id).toBe('deepseek/chat');
  });
});

describe('exchange', () => {
  it('tells other replicas which providers are out, within one round', async () => {
    const clock = { nowMs: start };
    const store = createMemoryStateStore(() => clock.nowMs);
    const [here, there] = [setUp(), setUp()];
    for (let call = 0; call < 5; call += 1) {
      const plan = there.router.plan(request({ id: `op-${call}`, targets: [middle] }));
      await there.router.run(plan, {
        deadlineMs: 1,
        signal: new AbortController().signal,
        attemptOnce: async () => ({
          result: 'failed',
          answer: undefined,
          failure: { kind: 'no_answer', message: '' },
        }),
      });
    }
    await there.router.exchange(store, 'there');
    await here.router.exchange(store, 'here');
    expect(here.router.plan(request({ targets: [middle] })).rejected[0]?.reason).toContain(
      'breaker of provider "openai"',
    );
    expect(JSON.stringify(here.router.state())).toBe(JSON.stringify(there.router.state()));
  });
});
