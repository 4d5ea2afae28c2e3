import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../measure/random.ts';
import { createKeyPool, type KeyPool, type KeyPoolOptions } from './key-pool.ts';
import { type KeyState, keyStates, keyTransitions, type StateTransition } from './key-state.ts';
import type { KeyLease, KeyOutcome } from './lease.ts';
import { createVault } from './vault.ts';

const start = Date.parse('2026-03-01T00:00:00Z');
const need = { inputTokens: 100, outputTokens: 100 };
const question = { provider: 'openai', model: 'gpt-4o' };
const succeeded: KeyOutcome = { result: 'succeeded', latencyMs: 100, headers: {} };
const failed = (changes: Partial<Extract<KeyOutcome, { result: 'failed' }>>): KeyOutcome => ({
  result: 'failed',
  blamed: false,
  account: false,
  headers: {},
  trigger: 'test',
  ...changes,
});

function setUp(options: Partial<KeyPoolOptions> = {}) {
  const clock = { nowMs: start };
  const transitions: StateTransition[] = [];
  const pool = createKeyPool({
    nowMs: () => clock.nowMs,
    onTransition: (transition) => transitions.push(transition),
    ...options,
  });
  return { clock, pool, transitions };
}

function register(pool: KeyPool, ids: readonly string[], metadata = {}): void {
  for (const id of ids) pool.register({ id, provider: 'openai', secret: `sk-${id}`, metadata });
}

const random = seededRandom('pool');
const draw = (pool: KeyPool, changes = {}) =>
  pool.draw({ question, need, prefer: 'load', random, ...changes });
const drawnId = (pool: KeyPool, changes = {}) => {
  const drawn = draw(pool, changes);
  return drawn.result === 'drawn' ? drawn.keyId : drawn.reason;
};
const use = (pool: KeyPool, id: string, outcome: KeyOutcome) =>
  (pool.lease(id, need) as KeyLease).end(outcome);

describe('a key', () => {
  it('is registered once, by id and by material', () => {
    const { pool } = setUp();
    register(pool, ['a']);
    expect(() => pool.register({ id: 'a', provider: 'openai', secret: 'sk-x' })).toThrow(
      '"a" is there already',
    );
    expect(() => pool.register({ provider: 'openai', secret: 'sk-a' })).toThrow('material of "a"');
    pool.register({ id: 'b', provider: 'openrouter', secret: 'sk-a' });
  });

  it('rests for as long as a 429 asks, then is available again', () => {
    const { pool, clock, transitions } = setUp();
    register(pool, ['a']);
    use(pool, 'a', failed({ effect: 'throttle', waitMs: 5_000, trigger: 'rate_limited' }));
    expect(pool.get('a')).toMatchObject({ state: 'throttled', cooldownUntil: '2026-03-01T00:00:05.000Z' });
    expect(pool.lease('a', need)).toBeUndefined();
    expect(drawnId(pool)).toBe('no_key_ready: 1 throttled');
    clock.nowMs += 5_000;
    expect(drawnId(pool)).toBe('a');
    expect(transitions).toMatchObject([
      { entityId: 'a', fromState: 'available', toState: 'throttled', trigger: 'rate_limited' },
      { fromState: 'throttled', toState: 'available', trigger: 'cooldown_over' },
    ]);
  });

  it('is not throttled for less time by a later, shorter 429', () => {
    const { pool, clock } = setUp();
    register(pool, ['a']);
    const leases = [pool.lease('a', need), pool.lease('a', need)];
    leases[0]?.end(failed({ effect: 'throttle', waitMs: 60_000 }));
    leases[1]?.end(failed({ effect: 'throttle', waitMs: 1_000 }));
    clock.nowMs += 59_999;
    expect(pool.get('a')?.state).toBe('throttled');
  });

  it('recovers with a small share of the traffic after it was out of credit', () => {
    const { pool, clock } = setUp();
    register(pool, ['a', 'b']);
    use(pool, 'a', failed({ effect: 'exhaust' }));
    clock.nowMs += 3_600_000;
    expect(pool.get('a')?.state).toBe('recovering');
    let recovering = 0;
    for (let round = 0; round < 1_000; round += 1) if (drawnId(pool) === 'a') recovering += 1;
    expect(recovering).toBeGreaterThan(0);
    expect(recovering).toBeLessThan(220);
    use(pool, 'a', succeeded);
    expect(pool.get('a')?.state).toBe('available');
  });

  it('is put aside by a 401, and comes back with new material', () => {
    const { pool } = setUp();
    register(pool, ['a']);
    expect(use(pool, 'a', failed({ effect: 'invalidate' }))).toBe('done');
    expect(drawnId(pool)).toBe('no_key_ready: 1 invalid');
    pool.rotate('a', 'sk-new');
    expect(pool.get('a')).toMatchObject({ state: 'recovering', materialVersion: 2 });
    expect(pool.lease('a', need)?.secret()).toBe('sk-new');
  });

  it('is rotated under its id while attempts are under way, without one of them failing', () => {
    const { pool } = setUp();
    register(pool, ['a']);
    const before = pool.lease('a', need);
    pool.rotate('a', 'sk-new');
    expect(before?.secret()).toBe('sk-a');
    // The old material was revoked at the provider: its refusal says nothing about the key.
    expect(before?.end(failed({ effect: 'invalidate' }))).toBe('again');
    const after = pool.lease('a', need);
    expect(after?.secret()).toBe('sk-new');
    after?.end(succeeded);
    expect(pool.get('a')).toMatchObject({ id: 'a', state: 'available', usageCount: 2, failureCount: 0 });
  });

  it('goes back to its old material while the provider does not know the new one, for all attempts at once', () => {
    const { pool, clock } = setUp();
    register(pool, ['a']);
    pool.rotate('a', 'sk-new', { graceMs: 60_000 });
    const early = [pool.lease('a', need), pool.lease('a', need)];
    for (const lease of early) expect(lease?.end(failed({ effect: 'invalidate' }))).toBe('again');
    expect(pool.lease('a', need)?.secret()).toBe('sk-a');
    clock.nowMs += 60_000;
    expect(pool.lease('a', need)?.secret()).toBe('sk-new');
  });

  it('is invalid when both its materials are refused', () => {
    const { pool } = setUp();
    register(pool, ['a']);
    pool.rotate('a', 'sk-new');
    expect(use(pool, 'a', failed({ effect: 'invalidate' }))).toBe('again');
    expect(use(pool, 'a', failed({ effect: 'invalidate' }))).toBe('done');
    expect(pool.get('a')?.state).toBe('invalid');
  });

  it('shares quota, throttling and credit with the other keys of its account', () => {
    const { pool } = setUp();
    register(pool, ['a', 'b', 'c'], { account: 'acme' });
    register(pool, ['d'], { account: 'other' });
    pool.configureQuota('a', [{ unit: 'requests', limit: 3, window: 'minute' }]);
    use(pool, 'a', succeeded);
    use(pool, 'b', succeeded);
    expect(pool.quotaState('c').windows[0]?.remaining).toBe(1);
    use(pool, 'c', succeeded);
    expect(pool.quotaState('a').state).toBe('exhausted');
    expect(new Set(Array.from({ length: 50 }, () => drawnId(pool)))).toEqual(new Set(['d']));
    use(pool, 'd', failed({ effect: 'throttle', account: true }));
    expect(drawnId(pool)).toContain('3 quota_exhausted, 1 throttled');
  });

  it('is drawn again once the quota of its account is full again', () => {
    const { pool, clock } = setUp();
    register(pool, ['a']);
    pool.configureQuota('a', [{ unit: 'requests', limit: 1, window: 'minute' }]);
    use(pool, 'a', succeeded);
    expect(drawnId(pool)).toBe('no_key_ready: 1 quota_exhausted');
    clock.nowMs += 60_000;
    expect(drawnId(pool)).toBe('a');
  });

  it('has a quota of its own within that of its account, and several windows and units of each', () => {
    const { pool, clock } = setUp();
    register(pool, ['a', 'b'], { account: 'acme' });
    pool.configureQuota('a', [{ unit: 'requests', limit: 3, window: 'minute' }]);
    pool.configureQuota(
      'a',
      [
        { unit: 'requests', limit: 1, window: 'minute' },
        { unit: 'tokens', limit: 1_000, window: 'daily' },
      ],
      { of: 'key' },
    );
    use(pool, 'a', succeeded);
    expect(pool.quotaState('a').state).toBe('exhausted');
    expect(pool.quotaState('a').windows).toHaveLength(3);
    expect(pool.quotaState('b').state).not.toBe('exhausted');
    expect(draw(pool).keys).toMatchObject({ live: 1, resting: { quota_exhausted: 1 } });
    use(pool, 'b', succeeded);
    use(pool, 'b', succeeded);
    expect(drawnId(pool)).toBe('no_key_ready: 2 quota_exhausted');
    clock.nowMs += 60_000;
    expect(draw(pool).keys).toMatchObject({ live: 2 });
  });

  it.each([
    [{ unit: 'requests', limit: 0, window: 'daily' }, 'quotas[0].limit'],
    [{ unit: 'requests', limit: 1.5, window: 'daily' }, 'quotas[0].limit'],
    [{ unit: 'requests', limit: 1, window: { seconds: 0 } }, 'quotas[0].window.seconds'],
  ] as const)('refuses the quota %j and keeps what it had', (quota, where) => {
    const { pool } = setUp();
    register(pool, ['a']);
    pool.configureQuota('a', [{ unit: 'requests', limit: 7, window: 'daily' }]);
    expect(() => pool.configureQuota('a', [quota])).toThrow(where);
    expect(() =>
      pool.configureQuota('a', [
        { ...quota, limit: 1, window: 'daily' },
        { ...quota, limit: 2, window: 'daily' },
      ]),
    ).toThrow('twice');
    expect(pool.quotaState('a').windows).toMatchObject([{ limit: 7 }]);
  });

  it('of a session is the same wherever it is asked, and only the sessions of a key that rests move', () => {
    const pools = ['one', 'two'].map((seed) => {
      const { pool } = setUp();
      register(
        pool,
        Array.from({ length: 50 }, (_, index) => `k${index}`),
      );
      return { pool, numbers: seededRandom(seed) };
    });
    const keysOf = (at: number) =>
      Array.from({ length: 300 }, (_, session) => {
        const { pool, numbers } = pools[at] as (typeof pools)[0];
        return drawnId(pool, { random: numbers, sessionRandom: () => seededRandom(`session ${session}`) });
      });
    const before = keysOf(0);
    expect(keysOf(1)).toEqual(before);
    expect(new Set(before).size).toBeGreaterThan(40);
    pools[0]?.pool.setState('k7', 'throttled');
    const after = keysOf(0);
    for (const [session, key] of before.entries()) {
      if (key === 'k7') expect(after[session]).not.toBe('k7');
      else expect(after[session]).toBe(key);
    }
  });

  it('learns what is left from the answers', () => {
    const { pool, clock } = setUp();
    register(pool, ['a']);
    const headers = {
      'x-ratelimit-limit-requests': '10',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '20s',
    };
    use(pool, 'a', { result: 'succeeded', latencyMs: 5, headers });
    expect(drawnId(pool)).toBe('no_key_ready: 1 quota_exhausted');
    clock.nowMs += 20_000;
    expect(drawnId(pool)).toBe('a');
  });

  it('serves no other team, region, tier or model than its own', () => {
    const { pool } = setUp();
    register(pool, ['mine'], { team: 'search' });
    register(pool, ['eu'], { team: 'search', region: 'eu', tier: 'premium', models: ['gpt-4o-mini'] });
    expect(drawnId(pool)).toBe('no_key');
    expect(drawnId(pool, { question: { ...question, team: 'ads' } })).toBe('no_key');
    expect(drawnId(pool, { keep: 'mine', question: { ...question, team: 'ads' } })).toBe('no_key');
    const asked = { ...question, team: 'search' };
    expect(drawnId(pool, { question: asked })).toBe('mine');
    expect(drawnId(pool, { question: { ...asked, model: 'gpt-4o-mini', region: 'us' } })).toBe('mine');
    const all = { ...asked, model: 'gpt-4o-mini', region: 'eu', tier: 'premium' };
    expect(new Set(Array.from({ length: 100 }, () => drawnId(pool, { question: all })))).toEqual(
      new Set(['mine', 'eu']),
    );
  });

  it('of a team is used before the keys of everybody, which serve when it cannot', () => {
    const { pool } = setUp();
    register(pool, ['mine'], { team: 'search' });
    register(pool, ['shared']);
    const asked = { question: { ...question, team: 'search' } };
    expect(new Set(Array.from({ length: 50 }, () => drawnId(pool, asked)))).toEqual(new Set(['mine']));
    use(pool, 'mine', failed({ effect: 'throttle' }));
    expect(drawnId(pool, asked)).toBe('shared');
  });

  it('gives its slots back after a storm of cancels', () => {
    const { pool } = setUp();
    register(pool, ['a'], { maxConcurrent: 50 });
    const leases = Array.from({ length: 60 }, () => pool.lease('a', need));
    expect(leases.filter((lease) => lease === undefined)).toHaveLength(10);
    expect(drawnId(pool)).toBe('no_key_ready: 1 busy');
    for (const lease of leases) {
      lease?.end({ result: 'neutral' });
      lease?.end({ result: 'neutral' });
    }
    expect(pool.get('a')).toMatchObject({ inFlight: 0, state: 'available' });
    expect(drawnId(pool)).toBe('a');
  });

  it('with a breaker that is open gets nothing but one probe', () => {
    const { pool, clock } = setUp({ breaker: { failures: 2, openMs: 10_000 } });
    register(pool, ['a']);
    use(pool, 'a', failed({ blamed: true }));
    use(pool, 'a', failed({ blamed: true }));
    expect(drawnId(pool)).toBe('no_key_ready: 1 breaker_open');
    clock.nowMs += 10_000;
    expect(drawnId(pool)).toBe('a');
    const probe = pool.lease('a', need);
    expect(pool.lease('a', need)).toBeUndefined();
    expect(drawnId(pool)).toBe('no_key_ready: 1 breaker_open');
    probe?.end(succeeded);
    expect(drawnId(pool)).toBe('a');
  });
});

describe('a pool', () => {
  it('spreads evenly over keys that are alike', () => {
    const { pool } = setUp();
    register(pool, ['a', 'b', 'c', 'd']);
    const counts = new Map<string, number>();
    for (let call = 0; call < 400; call += 1) {
      const id = drawnId(pool, { prefer: 'use' });
      counts.set(id, (counts.get(id) ?? 0) + 1);
      use(pool, id, succeeded);
    }
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThanOrEqual(10);
  });

  it('finds the one key that fits among many that do not', () => {
    const { pool } = setUp();
    const ids = Array.from({ length: 200 }, (_, index) => `k${index}`);
    register(pool, ids);
    for (const id of ids)
      pool.configureQuota(id, [{ unit: 'tokens', limit: id === 'k77' ? 1_000 : 50, window: 'daily' }]);
    expect(drawnId(pool)).toBe('k77');
    expect(drawnId(pool, { need: { inputTokens: 5_000, outputTokens: 0 } })).toBe('quota_too_small');
    expect(drawnId(pool, { except: new Set(['k77']) })).toBe('all_keys_tried');
  });

  it('agrees with another replica on what is throttled, exhausted, open and used up', () => {
    const here = setUp();
    const there = setUp();
    for (const { pool } of [here, there]) register(pool, ['a', 'b', 'c']);
    there.clock.nowMs += 1;
    use(there.pool, 'a', failed({ effect: 'throttle', waitMs: 90_000 }));
    for (let failure = 0; failure < 5; failure += 1) use(there.pool, 'b', failed({ blamed: true }));
    here.pool.merge(there.pool.facts());
    here.pool.merge(there.pool.facts());
    expect(here.pool.get('a')?.state).toBe('throttled');
    expect(new Set(Array.from({ length: 30 }, () => drawnId(here.pool)))).toEqual(new Set(['c']));
    there.pool.merge(here.pool.facts());
    expect(there.pool.get('a')).toMatchObject({ cooldownUntil: here.pool.get('a')?.cooldownUntil });
  });

  it('shows material nowhere but in a lease', () => {
    const canary = `sk-canary-${randomBytes(8).toString('hex')}`;
    const vault = createVault({ masterKeys: { v1: randomBytes(32) }, currentVersion: 'v1' });
    const { pool, transitions } = setUp({ vault });
    pool.register({ id: 'a', provider: 'openai', secret: canary, metadata: { account: 'acme' } });
    pool.rotate('a', `${canary}-2`);
    const lease = pool.lease('a', need);
    const errors: unknown[] = [];
    for (const action of [
      () => pool.register({ id: 'b', provider: 'openai', secret: `${canary}-2` }),
      () => pool.setState('a', 'recovering'),
      () => vault.open({ ...(pool.sealed()[0] as ReturnType<typeof vault.seal>), recordId: 'x' }),
    ]) {
      try {
        action();
        expect.unreachable();
      } catch (error) {
        errors.push(error, String(error), (error as Error).stack, (error as Error).cause);
      }
    }
    lease?.end(failed({ effect: 'throttle' }));
    const shown = [pool.get('a'), pool.list(), pool.facts(), pool.sealed(), lease, transitions];
    shown.push(errors as never, draw(pool) as never, pool.quotaState('a') as never);
    expect(JSON.stringify(shown)).not.toContain(canary);
    expect(JSON.stringify(shown)).not.toContain(Buffer.from(canary).toString('base64').slice(0, 16));
    expect(lease?.secret()).toBe(`${canary}-2`);
  });

  it('takes sealed material, and wraps it anew under a new master key while it is in use', () => {
    const [old, fresh] = [randomBytes(32), randomBytes(32)];
    const sealed = createVault({ masterKeys: { old }, currentVersion: 'old' }).seal('a', 'sk-a');
    const vault = createVault({ masterKeys: { old, fresh }, currentVersion: 'fresh', existing: [sealed] });
    const { pool } = setUp({ vault });
    pool.register({ id: 'a', provider: 'openai', secret: sealed });
    expect(pool.sealed()[0]?.keyVersion).toBe('fresh');
    expect(pool.lease('a', need)?.secret()).toBe('sk-a');
  });
});

describe('keyTransitions', () => {
  it.each([
    ['throttled', 'exhausted', true],
    ['recovering', 'throttled', true],
    ['exhausted', 'available', false],
    ['disabled', 'recovering', false],
    ['invalid', 'available', false],
  ] as const)('%s → %s: %s', (from, to, allowed) => {
    expect(keyTransitions[from].includes(to)).toBe(allowed);
  });
});

/** Everything that can happen to keys, in any order, against what must hold whatever happens. */
describe('the state machine', () => {
  const step = fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    waitMs: fc.nat(40_000),
    what: fc.oneof(
      fc.constantFrom(
        'lease',
        'succeed',
        'neutral',
        'throttle',
        'exhaust',
        'invalidate',
        'fail',
        'rotate',
        'revoke',
      ),
      fc.constantFrom(...keyStates),
    ),
  });

  it('takes only legal edges, never shortens a rest, and never lets a resting key go', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { pool, clock, transitions } = setUp({ breaker: { failures: 2 } });
        register(pool, ['a', 'b'], { account: 'shared' });
        register(pool, ['c']);
        const leases: KeyLease[] = [];
        const rests = new Map<string, number>();
        let made = 0;
        for (const { key, waitMs, what } of steps) {
          clock.nowMs += waitMs;
          const state = pool.get(key)?.state as KeyState;
          const lease = what === 'lease' ? pool.lease(key, need) : undefined;
          if (lease !== undefined) {
            expect(['available', 'recovering']).toContain(state);
            leases.push(lease);
          }
          if (what === 'succeed') leases.shift()?.end(succeeded);
          if (what === 'neutral') leases.shift()?.end({ result: 'neutral' });
          if (what === 'fail') leases.shift()?.end(failed({ blamed: true }));
          if (what === 'throttle') leases.shift()?.end(failed({ effect: 'throttle', account: true, waitMs }));
          if (what === 'exhaust') leases.shift()?.end(failed({ effect: 'exhaust', account: true }));
          if (what === 'invalidate') leases.shift()?.end(failed({ effect: 'invalidate' }));
          if (what === 'rotate') pool.rotate(key, `sk-${++made}`);
          if (what === 'revoke' && keyTransitions[state].includes('disabled')) pool.revoke(key);
          if (keyStates.includes(what as KeyState) && keyTransitions[state].includes(what as KeyState)) {
            pool.setState(key, what as KeyState);
          }
          for (const view of pool.list()) {
            const until = view.cooldownUntil === undefined ? undefined : Date.parse(view.cooldownUntil);
            const before = rests.get(`${view.id} ${view.state} ${view.stateUpdatedAt}`);
            if (until !== undefined && before !== undefined) expect(until).toBeGreaterThanOrEqual(before);
            if (until !== undefined) rests.set(`${view.id} ${view.state} ${view.stateUpdatedAt}`, until);
            expect(view.inFlight).toBeGreaterThanOrEqual(0);
          }
          const drawn = draw(pool);
          if (drawn.result === 'drawn') {
            expect(['available', 'recovering']).toContain(pool.get(drawn.keyId)?.state);
          }
        }
        for (const { fromState, toState } of transitions)
          expect(keyTransitions[fromState]).toContain(toState);
        for (const lease of leases) lease.end({ result: 'neutral' });
        for (const { inFlight } of pool.list()) expect(inFlight).toBe(0);
      }),
    );
  });
});
