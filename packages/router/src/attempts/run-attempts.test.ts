import { money } from '@genops/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Failure } from '../failures/failure.ts';
import { seededRandom } from '../measure/random.ts';
import { createRouter, type RouterOptions } from '../router.ts';
import { strategies } from '../strategies/names.ts';
import type { AttemptContext, AttemptEnd } from './attempt.ts';

const start = Date.parse('2026-03-01T00:00:00Z');

/** A world without sockets: time passes when somebody waits or works, and providers do as they are told. */
function createWorld(options: RouterOptions = {}) {
  const clock = { nowMs: start };
  const router = createRouter({
    seed: 'run',
    strategy: 'failover',
    nowMs: () => clock.nowMs,
    sleep: async (ms) => {
      clock.nowMs += ms;
    },
    ...options,
  });
  const calls: string[] = [];
  const targets = (...names: readonly string[]) =>
    names.map((id, index) => {
      const [provider = '', model = 'm'] = id.split('/');
      return { target: { id, provider, model }, cost: money(`${index + 1}`) };
    });
  const run = async (
    names: readonly string[],
    answer: (context: AttemptContext) => AttemptEnd<string> | Promise<AttemptEnd<string>>,
    more: { deadlineMs?: number; signal?: AbortSignal; bodyHash?: string; id?: string } = {},
  ) => {
    const plan = router.plan({
      id: more.id ?? `op-${calls.length}`,
      targets: targets(...names),
      needs: { inputTokens: 10, outputTokens: 10 },
      stream: false,
    });
    return router.run<string>(plan, {
      deadlineMs: more.deadlineMs ?? 60_000,
      signal: more.signal ?? new AbortController().signal,
      ...(more.bodyHash !== undefined && { bodyHash: () => more.bodyHash as string }),
      attemptOnce: async (context) => {
        calls.push(context.route.keyId ?? context.route.target.id);
        clock.nowMs += 10;
        return answer(context);
      },
    });
  };
  return { clock, router, run, calls };
}

const good: AttemptEnd<string> = { result: 'succeeded', answer: 'good', headers: {} };
const answered = (status: number, headers: Record<string, string> = {}, body = ''): AttemptEnd<string> => ({
  result: 'failed',
  answer: String(status),
  failure: { kind: 'status', status, headers, body },
});
const socket = (kind: Exclude<Failure['kind'], 'status' | 'in_answer'>): AttemptEnd<string> => ({
  result: 'failed',
  answer: kind,
  failure: { kind, message: '' },
});

describe('run', () => {
  it('makes one attempt when that succeeds', async () => {
    const { run, calls } = createWorld();
    const { result, answer, attempts, because } = await run(['a/m', 'b/m'], () => good);
    expect({ result, answer, because }).toEqual({ result: 'succeeded', answer: 'good', because: 'answered' });
    expect(attempts).toMatchObject([
      { number: 1, kind: 'first', targetId: 'a/m', result: 'succeeded', durationMs: 10 },
    ]);
    expect(calls).toHaveLength(1);
  });

  it.each<[string, AttemptEnd<string>, readonly string[]]>([
    ['a server error: the same once more, then another provider', answered(500), ['a/m', 'a/m', 'b/m']],
    ['an overload: another provider at once', answered(503), ['a/m', 'b/m']],
    ['a timeout: another provider at once', socket('timeout'), ['a/m', 'b/m']],
    [
      'an unknown model: another model',
      answered(404, {}, '{"error":{"code":"model_not_found"}}'),
      ['a/m', 'b/n'],
    ],
    ['a bad request: nothing', answered(400), ['a/m']],
    [
      'a content filter: nothing, it must not be routed around',
      answered(400, {}, '{"error":{"code":"content_filter"}}'),
      ['a/m'],
    ],
  ])('after %s', async (_, failure, expected) => {
    const names = expected.includes('b/n') ? ['a/m', 'b/m', 'b/n'] : ['a/m', 'b/m'];
    const { run, calls } = createWorld();
    await run(names, ({ route }) => (route.target.id === 'a/m' ? failure : good));
    expect(calls).toEqual(expected);
  });

  it('tries every key of the provider before another one after a 401, and puts them aside', async () => {
    const { run, calls, router } = createWorld({ retryBudget: { reserve: 0 } });
    for (let key = 0; key < 6; key += 1)
      router.keys.register({ id: `k${key}`, provider: 'a', secret: `s${key}` });
    const { result } = await run(['a/m', 'b/m'], ({ route }) =>
      route.keyId === undefined ? good : answered(401),
    );
    expect(result).toBe('succeeded');
    expect(calls).toHaveLength(7);
    expect(new Set(calls).size).toBe(7);
    expect(router.keys.list().map(({ state }) => state)).toEqual(Array(6).fill('invalid'));
  });

  it('leaves a throttled account for another one, and comes back when its time is over', async () => {
    const { run, calls, router, clock } = createWorld();
    router.keys.register({ id: 'k1', provider: 'a', secret: 's1', metadata: { account: 'x' } });
    router.keys.register({ id: 'k2', provider: 'a', secret: 's2', metadata: { account: 'x' } });
    router.keys.register({ id: 'k3', provider: 'a', secret: 's3', metadata: { account: 'y' } });
    await run(
      ['a/m'],
      ({ route }) => (route.keyId === 'k3' ? good : answered(429, { 'retry-after': '30' })),
      { id: 'x1' },
    );
    await run(['a/m'], () => good, { id: 'x2' });
    expect(calls.filter((key) => key !== 'k3').length).toBeLessThanOrEqual(1);
    clock.nowMs += 31_000;
    expect(router.keys.list().map(({ state }) => state)).toEqual(['available', 'available', 'available']);
  });

  it('waits as long as a 429 asks when there is nowhere else to go', async () => {
    const { run, clock } = createWorld();
    let calls = 0;
    const { result, attempts } = await run(['a/m'], () => {
      calls += 1;
      return calls === 1 ? answered(429, { 'retry-after-ms': '1500' }) : good;
    });
    expect(result).toBe('succeeded');
    expect(attempts[1]).toMatchObject({ kind: 'retry', waitedMs: 1_500 });
    expect(clock.nowMs - start).toBe(1_520);
  });

  it.each([
    ['that is longer than the deadline', '30', { deadlineMs: 5_000 }, 'deadline'],
    ['that is longer than anybody wants to wait', '30', {}, 'too_long_a_wait'],
  ])('does not begin a wait %s', async (_, seconds, more, because) => {
    const { run, clock } = createWorld();
    const run1 = await run(['a/m'], () => answered(429, { 'retry-after': seconds }), more);
    expect(run1).toMatchObject({ result: 'failed', answer: '429', because });
    expect(clock.nowMs - start).toBe(10);
  });

  it('never starts an attempt after its one deadline, and gives each attempt no more than what is left', async () => {
    const waits = fc.array(
      fc.record({ tookMs: fc.nat(4_000), status: fc.constantFrom(429, 500, 503, 502) }),
      { minLength: 1 },
    );
    await fc.assert(
      fc.asyncProperty(waits, fc.integer({ min: 1, max: 5_000 }), async (script, deadlineMs) => {
        const { run, clock } = createWorld({ maxAttempts: 50, retryBudget: { reserve: 50 } });
        let call = 0;
        await run(
          ['a/m', 'b/m', 'c/m'],
          ({ remainingMs, firstByteMs }) => {
            expect(clock.nowMs - 10 - start).toBeLessThan(deadlineMs);
            expect(remainingMs).toBeLessThanOrEqual(deadlineMs);
            expect(firstByteMs).toBeLessThanOrEqual(remainingMs);
            const { tookMs, status } = script[call % script.length] as { tookMs: number; status: number };
            call += 1;
            clock.nowMs += Math.min(tookMs, remainingMs);
            return answered(status);
          },
          { deadlineMs },
        );
        expect(clock.nowMs - start).toBeLessThanOrEqual(deadlineMs + 10);
      }),
    );
  });

  it('keeps half of the time for the others while there are some', async () => {
    const { run } = createWorld();
    const given: number[] = [];
    await run(
      ['a/m', 'b/m'],
      ({ firstByteMs }) => {
        given.push(Math.round(firstByteMs));
        return socket('timeout');
      },
      { deadlineMs: 10_000 },
    );
    expect(given[0]).toBe(5_000);
    expect(given[1]).toBeGreaterThan(9_900);
  });

  it('tries nothing else once a first byte went to the caller', async () => {
    const { run, calls } = createWorld();
    const broken = await run(['a/m', 'b/m'], ({ claim }) => {
      expect(claim()).toBe(true);
      return socket('broken');
    });
    expect(broken).toMatchObject({ result: 'failed', because: 'committed' });
    expect(calls).toEqual(['a/m']);
  });

  it('stops when the caller goes away', async () => {
    const { run, calls } = createWorld();
    const gone = new AbortController();
    const { result } = await run(
      ['a/m', 'b/m'],
      () => {
        gone.abort();
        return { result: 'cancelled', answer: '' };
      },
      { signal: gone.signal },
    );
    expect(result).toBe('cancelled');
    expect(calls).toHaveLength(1);
  });

  it('gives leave and slots back when an attempt throws', async () => {
    const { run, router } = createWorld();
    router.keys.register({ id: 'k', provider: 'a', secret: 's' });
    await expect(
      run(['a/m'], () => {
        throw new Error('bug');
      }),
    ).rejects.toThrow('bug');
    expect(router.keys.get('k')?.inFlight).toBe(0);
  });

  it('sends nothing to a place whose breaker is open but its one probe, under every strategy', async () => {
    for (const strategy of Object.keys(strategies)) {
      const { run, calls, clock } = createWorld({ strategy, breaker: { failures: 3, openMs: 60_000 } });
      let down = true;
      const answer = ({ route }: AttemptContext) =>
        route.target.id === 'a/m' && down ? answered(503) : good;
      for (let call = 0; call < 60; call += 1)
        await run(['a/m', 'b/m'], answer, { id: `${strategy}-${call}` });
      const before = calls.filter((target) => target === 'a/m').length;
      expect(before).toBeLessThanOrEqual(3);
      if (before < 3) continue;
      calls.length = 0;
      for (let call = 0; call < 60; call += 1)
        await run(['a/m', 'b/m'], answer, { id: `${strategy}+${call}` });
      expect(calls).not.toContain('a/m');
      clock.nowMs += 120_000;
      down = false;
      for (let call = 0; call < 200; call += 1)
        await run(['a/m', 'b/m'], answer, { id: `${strategy}*${call}` });
      expect(calls).toContain('a/m');
    }
  });

  it('does not open a breaker for rate limits and bad requests', async () => {
    const { run, router } = createWorld({ breaker: { failures: 2 }, retryBudget: { reserve: 100 } });
    for (let call = 0; call < 10; call += 1) {
      await run(['a/m'], () => answered(call % 2 === 0 ? 400 : 429, { 'retry-after': '0' }), {
        id: `n${call}`,
      });
    }
    for (const { breaker } of router.state().breakers) expect(breaker.opens).toBe(0);
  });

  it('blames the request, not the keys, when the same body fails on two of them', async () => {
    const { run, router } = createWorld({
      keys: { breaker: { failures: 2 } },
      breaker: { failures: 1_000 },
      retryBudget: { reserve: 1_000 },
    });
    for (let key = 0; key < 4; key += 1)
      router.keys.register({ id: `k${key}`, provider: 'a', secret: `s${key}` });
    for (let call = 0; call < 20; call += 1) {
      await run(['a/m'], () => answered(503), { id: `p${call}`, bodyHash: 'poison' });
    }
    const open = router.state().keys.filter(({ breaker }) => breaker.opens > 0);
    expect(open.length).toBeLessThanOrEqual(1);
    expect(router.keys.list().filter(({ state }) => state === 'available')).toHaveLength(4);
  });

  it.each([
    ['everything fails', 1, 1.2],
    ['every twentieth first attempt fails', 0.05, 1.05],
  ])('amplifies little when %s', async (_, share, bound) => {
    const { run, calls } = createWorld({ breaker: { failures: 1_000_000 } });
    const random = seededRandom('amplification');
    const total = 400;
    for (let call = 0; call < total; call += 1) {
      const fails = share === 1 || call % 20 === 0;
      await run(
        ['a/m', 'b/m'],
        ({ number }) =>
          fails && (share === 1 || number === 1) ? answered(random() < 0.5 ? 503 : 500) : good,
        {
          id: `amp${call}`,
        },
      );
    }
    expect(calls.length / total).toBeLessThanOrEqual(bound);
  });

  it('rotates every key under load without a failed call', async () => {
    const { run, router } = createWorld({ retryBudget: { reserve: 0 } });
    const valid = new Set<string>();
    for (let key = 0; key < 5; key += 1) {
      valid.add(`k${key}-0`);
      router.keys.register({ id: `k${key}`, provider: 'a', secret: `k${key}-0` });
    }
    const answer = async ({ secret }: AttemptContext) => {
      const material = secret?.() as string;
      await Promise.resolve();
      await Promise.resolve();
      return valid.has(material) ? good : answered(401);
    };
    const results: Promise<{ readonly result: string }>[] = [];
    for (let call = 0; call < 500; call += 1) {
      results.push(run(['a/m'], answer, { id: `r${call}` }));
      if (call % 20 !== 0) continue;
      const round = call / 20 + 1;
      for (let key = 0; key < 5; key += 1) {
        const material = `k${key}-${round}`;
        const old = `k${key}-${round - 1}`;
        valid.add(material);
        router.keys.rotate(`k${key}`, material);
        // The old one is revoked at the provider while attempts with it are under way.
        valid.delete(old);
      }
      await Promise.resolve();
    }
    const ended = await Promise.all(results);
    expect(ended.filter(({ result }) => result !== 'succeeded')).toEqual([]);
    expect(router.keys.list().map(({ state }) => state)).toEqual(Array(5).fill('available'));
    expect(router.keys.list()[0]?.materialVersion).toBe(26);
  });
});

describe('hedging', () => {
  const slowThen = (world: ReturnType<typeof createWorld>, firstAnswers: boolean) => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    return world.run(['a/m', 'b/m'], async ({ number, signal, claim }) => {
      if (number === 1) {
        signal.addEventListener('abort', release);
        if (firstAnswers) setTimeout(release, 5);
        await held;
        return signal.aborted || !claim()
          ? { result: 'cancelled', answer: 'loser' }
          : { ...good, answer: 'first' };
      }
      if (firstAnswers) await held;
      return claim() ? { ...good, answer: 'second' } : { result: 'cancelled', answer: 'loser' };
    });
  };

  it('lets the one that answers first win, stops the other, and remembers both', async () => {
    const world = createWorld({ hedgeAfterMs: 100, sleep: async () => undefined });
    const { answer, attempts } = await slowThen(world, false);
    expect(answer).toBe('second');
    expect(attempts.map(({ kind, result }) => `${kind} ${result}`).sort()).toEqual([
      'first cancelled',
      'hedge succeeded',
    ]);
  });

  it('is not done where nothing pays for it', async () => {
    const world = createWorld({
      hedgeAfterMs: 100,
      retryBudget: { reserve: 0 },
      sleep: async () => undefined,
    });
    const { answer, attempts } = await slowThen(world, true);
    expect(answer).toBe('first');
    expect(attempts).toHaveLength(1);
  });
});
