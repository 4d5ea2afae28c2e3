import { Decimal } from '@genops/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entryOf, limitState, refused, settled, threshold } from '../../test/entries.ts';
import type { AlertChange } from '../alert.ts';
import { type AlertRuleInput, defineAlertRules } from '../rules/schema.ts';
import { createWatcher, type Watcher } from './watcher.ts';

const start = Date.parse('2026-11-30T08:00:00Z');
const second = 1_000;
const minute = 60_000;
const hour = 3_600_000;
const day = 24 * hour;

function watch(...rules: AlertRuleInput[]): Watcher {
  return createWatcher(defineAlertRules(rules), start);
}

/** Judges every ten seconds. */
function evaluateUntil(watcher: Watcher, fromMs: number, toMs: number): AlertChange[] {
  const changes: AlertChange[] = [];
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += 10 * second) changes.push(...watcher.evaluate(nowMs));
  return changes;
}

const told = (changes: readonly AlertChange[]): string[] =>
  changes.map(({ alert, change }) => `${change} ${alert.key}`);

describe('a rule of kind threshold', () => {
  const rule: AlertRuleInput = { id: 'budget', kind: 'threshold', at: [80, 100] };

  it('tells each of its percentages once for each window, and that the window is over', () => {
    const watcher = watch(rule);
    expect(told(watcher.take(threshold(50), start))).toEqual([]);
    expect(told(watcher.take(threshold(80), start))).toEqual([
      'fired budget{limit="search-daily",threshold="80"}',
    ]);
    // Another replica, or a ledger that was offered the same ending twice.
    expect(watcher.take(threshold(80), start + second)).toEqual([]);
    expect(told(watcher.take(threshold(100), start))).toHaveLength(1);
    expect(watcher.evaluate(Date.parse('2026-11-30T23:59:59.999Z'))).toEqual([]);
    expect(told(watcher.evaluate(Date.parse('2026-12-01T00:00:00Z')))).toEqual([
      'resolved budget{limit="search-daily",threshold="80"}',
      'resolved budget{limit="search-daily",threshold="100"}',
    ]);
    const tomorrow = { windowStart: '2026-12-01T00:00:00.000Z', resetsAt: '2026-12-02T00:00:00.000Z' };
    const [again] = watcher.take(threshold(80, tomorrow), Date.parse('2026-12-01T10:00:00Z'));
    expect(again?.alert.id).toContain('2026-12-01');
  });

  it('is about the limits that it names, and about each counter of a limit by itself', () => {
    const watcher = watch({ ...rule, limits: ['search-*'] });
    expect(watcher.take(threshold(80, { limitId: 'ads-daily' }), start)).toEqual([]);
    expect(watcher.take(threshold(80, { bucket: 'customerId=acme' }), start)).toHaveLength(1);
    expect(watcher.take(threshold(80, { bucket: 'customerId=bolt' }), start)).toHaveLength(1);
    const [change] = watcher.take(threshold(100, { bucket: 'customerId=bolt', settled: '101.5' }), start);
    expect(change?.alert.summary).toBe(
      'Limit "search-daily" (customerId=bolt) is used to 100 %: 101.5 of 100 USD; it starts anew at 2026-12-01T00:00:00.000Z',
    );
  });

  it('says of a limit without a window’s edge that it happened, which has no end', () => {
    const { windowStart: _start, resetsAt: _end, ...lifetime } = limitState();
    const watcher = watch(rule);
    const taken = watcher.take({ kind: 'threshold', limit: lifetime, threshold: 80 }, start);
    expect(taken.map(({ change }) => change)).toEqual(['happened']);
    expect(watcher.evaluate(start + 400 * 24 * hour)).toEqual([]);
  });
});

describe('a rule of kind cost', () => {
  const rule: AlertRuleInput = { id: 'hourly', kind: 'cost', above: '10', windowSeconds: 3600 };

  it('is exact: what comes to the amount is not above it', () => {
    const watcher = watch(rule);
    for (let call = 0; call < 100; call += 1) watcher.take(settled({ atMs: start, cost: '0.1' }), start);
    expect(watcher.evaluate(start)).toEqual([]);
    watcher.take(settled({ atMs: start, cost: '0.000000000001' }), start);
    const [change] = watcher.evaluate(start);
    expect(change?.alert).toMatchObject({ value: '10.000000000001', expected: '10', unit: 'USD' });
  });

  it('must hold as long as it says before anyone is told, without a break', () => {
    const watcher = watch({ ...rule, forSeconds: 300 });
    watcher.take(settled({ atMs: start, cost: '11' }), start);
    expect(evaluateUntil(watcher, start, start + 5 * minute - second)).toEqual([]);
    expect(told(watcher.evaluate(start + 5 * minute))).toEqual(['fired hourly']);
    expect(told(watcher.evaluate(start + hour + 2 * minute))).toEqual(['resolved hourly']);
  });

  it('tells again after a while as long as it lasts, and after its end not before it has cooled down', () => {
    const watcher = watch({ ...rule, windowSeconds: 60, repeatSeconds: 1800, coolDownSeconds: 600 });
    const changes: string[] = [];
    let nowMs = start;
    for (; nowMs < start + hour; nowMs += 10 * second) {
      watcher.take(settled({ atMs: nowMs, cost: '3' }), nowMs);
      changes.push(...told(watcher.evaluate(nowMs)));
    }
    expect(changes).toEqual(['fired hourly', 'repeated hourly']);
    expect(told(evaluateUntil(watcher, nowMs, nowMs + 2 * minute))).toEqual(['resolved hourly']);
    watcher.take(settled({ atMs: nowMs + 3 * minute, cost: '50' }), nowMs + 3 * minute);
    expect(evaluateUntil(watcher, nowMs + 3 * minute, nowMs + 4 * minute)).toEqual([]);
    watcher.take(settled({ atMs: nowMs + 12 * minute, cost: '50' }), nowMs + 12 * minute);
    expect(told(watcher.evaluate(nowMs + 12 * minute))).toEqual(['fired hourly']);
  });

  it('is judged for each value by itself, unattributed calls included, and only for calls it is about', () => {
    const watcher = watch({ ...rule, per: ['customerId'], where: { team: 'search' } });
    for (const customerId of ['acme', 'bolt'])
      watcher.take(settled({ atMs: start, cost: customerId === 'acme' ? '11' : '9', customerId }), start);
    watcher.take(settled({ atMs: start, cost: '12' }), start);
    watcher.take(settled({ atMs: start, cost: '99', customerId: 'elsewhere', team: 'ads' }), start);
    expect(told(watcher.evaluate(start))).toEqual([
      'fired hourly{customerId="acme"}',
      'fired hourly{customerId="(none)"}',
    ]);
  });

  it('remembers no more than a thousand values, and forgets none that is firing', () => {
    const watcher = watch({ ...rule, per: ['customerId'] });
    watcher.take(settled({ atMs: start, cost: '11', customerId: 'first' }), start);
    expect(watcher.evaluate(start)).toHaveLength(1);
    for (let one = 0; one < 5_000; one += 1)
      watcher.take(settled({ atMs: start, cost: '1', customerId: `c${one}` }), start);
    watcher.take(settled({ atMs: start, cost: '10', customerId: 'c0' }), start);
    expect(watcher.evaluate(start), 'c0 was forgotten: 10 is not above 10').toEqual([]);
    expect(told(watcher.evaluate(start + 2 * hour))).toEqual(['resolved hourly{customerId="first"}']);
  });

  it('puts a cost right that was corrected, and leaves other currencies alone', () => {
    const watcher = watch(rule);
    const first = settled({ atMs: start, cost: '11' });
    watcher.take(first, start);
    const entry = { ...entryOf({ atMs: start, cost: '-2' }), kind: 'correction' as const };
    watcher.take({ kind: 'corrected', call: first.call, entry }, start);
    expect(watcher.evaluate(start)).toEqual([]);
  });

  it('fires in exactly the states in which the sum of its window is above the amount (property)', () => {
    const call = fc.record({
      afterMs: fc.integer({ min: 0, max: 5_000 }),
      cents: fc.integer({ min: 0, max: 400 }),
    });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
        const windowMs = 10_000;
        const watcher = watch({ id: 'r', kind: 'cost', above: '5', windowSeconds: 10, coolDownSeconds: 0 });
        const spent: { atMs: number; cents: number }[] = [];
        let nowMs = start;
        let firing = false;
        for (const { afterMs, cents } of calls) {
          nowMs += afterMs;
          spent.push({ atMs: nowMs, cents });
          const cost = new Decimal(String(cents)).times('0.01').toFixed();
          watcher.take(settled({ atMs: nowMs, cost }), nowMs);
          const changes = watcher.evaluate(nowMs);
          const sumSince = (fromMs: number): number =>
            spent.filter(({ atMs }) => atMs >= fromMs).reduce((sum, one) => sum + one.cents, 0);
          for (const { change } of changes) {
            // Never before it is so, and once until it is over.
            if (change === 'fired') expect([firing, sumSince(nowMs - windowMs) > 500]).toEqual([false, true]);
            else expect([change, firing]).toEqual(['resolved', true]);
            firing = change === 'fired';
          }
          // A slot is a sixtieth of the window.
          if (sumSince(nowMs - windowMs + windowMs / 60) > 500) expect(firing).toBe(true);
          if (firing) expect(sumSince(nowMs - windowMs)).toBeGreaterThan(500);
        }
        const end = watcher.evaluate(nowMs + 2 * windowMs + minute).map(({ change }) => change);
        expect(end).toEqual(firing ? ['resolved'] : []);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a rule of kind spike', () => {
  const rule: AlertRuleInput = {
    id: 'spike',
    kind: 'spike',
    factor: '2',
    windowSeconds: 300,
    baselineSeconds: 3600,
  };

  /** A cent every ten seconds, and another amount from some moment on. */
  function spend(watcher: Watcher, toMs: number, from: number, cost: string): AlertChange[] {
    const changes: AlertChange[] = [];
    for (let nowMs = start; nowMs <= toMs; nowMs += 10 * second) {
      watcher.take(settled({ atMs: nowMs, cost: nowMs < from ? '0.01' : cost }), nowMs);
      changes.push(...watcher.evaluate(nowMs));
    }
    return changes;
  }

  it('fires when the last minutes cost so many times what they cost on average, and only then', () => {
    expect(spend(watch(rule), start + 2 * hour, start + 3 * hour, '1')).toEqual([]);
    expect(spend(watch(rule), start + 2 * hour, start + 90 * minute, '0.02')).toEqual([]);
    const [change] = spend(watch(rule), start + 2 * hour, start + 90 * minute, '0.05');
    expect(change?.alert.summary).toMatch(
      /^0\.\d+ USD within 5 minutes, where 0\.\d+ is the mean of 1 hour; the alert is above 2 times that$/,
    );
    expect(Date.parse(change?.alert.startedAt ?? '')).toBeGreaterThan(start + 90 * minute);
  });

  it('says nothing before it has watched the whole of what it compares with', () => {
    expect(spend(watch(rule), start + 55 * minute, start + 10 * minute, '5')).toEqual([]);
  });

  it('compares at once where what was recorded before is remembered', () => {
    const watcher = watch(rule);
    const before = Array.from({ length: 360 }, (_, index) =>
      entryOf({ atMs: start - hour + index * 10 * second, cost: '0.01' }),
    );
    watcher.remember(before, start - hour, start);
    watcher.take(settled({ atMs: start, cost: '5' }), start);
    expect(told(watcher.evaluate(start))).toEqual(['fired spike']);
  });

  it('is no spike below the least amount', () => {
    const watcher = watch({ ...rule, minimum: '5' });
    expect(spend(watcher, start + 2 * hour, start + 110 * minute, '0.05')).toEqual([]);
  });

  it('can be of calls and of tokens', () => {
    const watcher = watch({ ...rule, of: 'tokens' });
    for (let nowMs = start; nowMs <= start + hour; nowMs += minute)
      watcher.take(settled({ atMs: nowMs, tokens: 10 }), nowMs);
    watcher.take(settled({ atMs: start + hour, tokens: 9_000 }), start + hour);
    expect(told(watcher.evaluate(start + hour))).toEqual(['fired spike']);
  });
});

describe('rules that count and compare', () => {
  it.each<[string, AlertRuleInput, (nowMs: number) => ReturnType<typeof settled>[], boolean]>([
    [
      'more than 5 % of a model’s attempts failed',
      { id: 'r', kind: 'share', of: 'failures', above: 0.05, per: ['model'] },
      (atMs) => attempts(20, (index) => ({ atMs, outcome: index < 2 ? 'failed' : 'completed' })),
      true,
    ],
    [
      'exactly 5 % failed',
      { id: 'r', kind: 'share', of: 'failures', above: 0.05 },
      (atMs) => attempts(20, (index) => ({ atMs, outcome: index < 1 ? 'failed' : 'completed' })),
      false,
    ],
    [
      'too few calls to say',
      { id: 'r', kind: 'share', of: 'failures', above: 0.05 },
      (atMs) => attempts(9, () => ({ atMs, outcome: 'failed' as const })),
      false,
    ],
    [
      'callers who left are no failures',
      { id: 'r', kind: 'share', of: 'failures', above: 0.05 },
      (atMs) => attempts(20, () => ({ atMs, outcome: 'cancelled' as const })),
      false,
    ],
    [
      '95 % took up to 6 s',
      { id: 'r', kind: 'latency', percentile: 95, aboveMs: 5_000 },
      (atMs) => attempts(20, (index) => ({ atMs, durationMs: index < 2 ? 6_000 : 100 })),
      true,
    ],
    [
      'one in twenty took longer',
      { id: 'r', kind: 'latency', percentile: 95, aboveMs: 5_000 },
      (atMs) => attempts(20, (index) => ({ atMs, durationMs: index < 1 ? 6_000 : 100 })),
      false,
    ],
    [
      'routes cost more than was needed',
      { id: 'r', kind: 'efficiency', below: 0.7 },
      (atMs) => attempts(10, () => ({ atMs, efficiency: 0.69 })),
      true,
    ],
    [
      'routes cost what was needed',
      { id: 'r', kind: 'efficiency', below: 0.7 },
      (atMs) => attempts(10, () => ({ atMs, efficiency: 0.7 })),
      false,
    ],
    [
      'few tokens for the money',
      { id: 'r', kind: 'tokens-per-cost', below: '1000' },
      (atMs) => attempts(10, () => ({ atMs, tokens: 99, cost: '0.1' })),
      true,
    ],
    [
      'as many tokens as asked for',
      { id: 'r', kind: 'tokens-per-cost', below: '1000' },
      (atMs) => attempts(10, () => ({ atMs, tokens: 100, cost: '0.1' })),
      false,
    ],
    [
      'calls without a price',
      { id: 'r', kind: 'count', of: 'unpriced', above: 0 },
      (atMs) => [settled({ atMs, unpriced: 'unknown_model' })],
      true,
    ],
    [
      'calls without usage',
      { id: 'r', kind: 'count', of: 'unmetered', above: 0 },
      (atMs) => [settled({ atMs, unpriced: 'unmetered' })],
      true,
    ],
    [
      'a failover',
      { id: 'r', kind: 'count', of: 'failovers', above: 0 },
      (atMs) => [
        settled({ atMs, operationId: 'a', outcome: 'failed' }),
        settled({ atMs, operationId: 'a', attempt: 2, provider: 'anthropic' }),
      ],
      true,
    ],
    [
      'a retry at the same place is no failover',
      { id: 'r', kind: 'count', of: 'failovers', above: 0 },
      (atMs) => [
        settled({ atMs, operationId: 'b', outcome: 'failed' }),
        settled({ atMs, operationId: 'b', attempt: 2 }),
      ],
      false,
    ],
    [
      'many tokens',
      { id: 'r', kind: 'count', of: 'tokens', above: 1_000_000, windowSeconds: 3600 },
      (atMs) => attempts(2, () => ({ atMs, tokens: 500_001 })),
      true,
    ],
  ])('%s', (_name, rule, events, fires) => {
    const watcher = watch(rule);
    for (const event of events(start)) watcher.take(event, start);
    const changes = watcher.evaluate(start);
    expect(changes.map(({ change }) => change)).toEqual(fires ? ['fired'] : []);
    // When nothing comes any more, it is over.
    if (fires)
      expect(evaluateUntil(watcher, start, start + 3 * hour).map(({ change }) => change)).toEqual([
        'resolved',
      ]);
  });

  it('count refusals, those by policy apart, and by their reason', () => {
    const all: AlertRuleInput = { id: 'all', kind: 'count', of: 'refusals', above: 1 };
    const policy: AlertRuleInput = { id: 'policy', kind: 'count', of: 'violations', above: 0 };
    const content: AlertRuleInput = { ...policy, id: 'content', reasons: ['POLICY_DENY_CONTENT'] };
    const watcher = watch(all, policy, content);
    watcher.take(refused({ atMs: start }), start);
    watcher.take(refused({ atMs: start }, 'POLICY_DENY_MODEL'), start);
    expect(told(watcher.evaluate(start))).toEqual(['fired all', 'fired policy']);
    watcher.take(refused({ atMs: start }, 'POLICY_DENY_CONTENT'), start);
    expect(told(watcher.evaluate(start + second))).toEqual(['fired content']);
  });

  it('do not take an ending for well before a whole window was watched', () => {
    const watcher = watch({ id: 'hourly', kind: 'cost', above: '10' });
    const other = watch({ id: 'hourly', kind: 'cost', above: '10' });
    other.take(settled({ atMs: start, cost: '11' }), start);
    watcher.restore(other.evaluate(start).map(({ alert }) => alert));
    expect(evaluateUntil(watcher, start, start + hour - 10 * second)).toEqual([]);
    expect(told(watcher.evaluate(start + hour))).toEqual(['resolved hourly']);
  });
});

describe('rules about what stands', () => {
  it('tell when less than an amount is left of a limit, and when it was renewed', () => {
    const watcher = watch({ id: 'left', kind: 'remaining', below: '30', limits: ['search-*'] });
    watcher.take(settled({ atMs: start, limits: [limitState({ available: '30' })] }), start);
    expect(watcher.evaluate(start)).toEqual([]);
    watcher.take(settled({ atMs: start, limits: [limitState({ available: '29.99' })] }), start);
    expect(told(watcher.evaluate(start))).toEqual(['fired left{limit="search-daily"}']);
    expect(told(watcher.evaluate(Date.parse('2026-12-01T00:00:00Z')))).toEqual([
      'resolved left{limit="search-daily"}',
    ]);
  });

  it('tell of places and keys that are out, once, and that they are back', () => {
    const watcher = watch({ id: 'out', kind: 'outage' });
    const at = new Date(start).toISOString();
    const breaker = (state: 'open' | 'closed') =>
      watcher.take({ kind: 'breaker', of: 'provider', id: 'openai', state, at }, start);
    const key = (toState: string) =>
      watcher.take(
        {
          kind: 'key',
          keyId: 'k1',
          provider: 'openai',
          fromState: 'available',
          toState,
          at,
          trigger: 'test',
        },
        start,
      );
    breaker('open');
    key('throttled');
    expect(told(watcher.evaluate(start))).toEqual(['fired out{provider="openai"}']);
    breaker('open');
    key('invalid');
    expect(told(watcher.evaluate(start))).toEqual(['fired out{key="k1",provider="openai"}']);
    breaker('closed');
    key('recovering');
    expect(told(watcher.evaluate(start + minute))).toEqual([
      'resolved out{provider="openai"}',
      'resolved out{key="k1",provider="openai"}',
    ]);
  });

  it('tell when a key’s quota will be used up soon, not when nobody can be sure', () => {
    const watcher = watch({ id: 'quota', kind: 'quota', withinHours: 4 });
    const forecast = (hours: number, confidence: number) => [
      { keyId: 'k1', state: 'constrained', prediction: { unit: 'tokens', hours, confidence } },
    ];
    expect(watcher.evaluate(start, forecast(3, 0.4))).toEqual([]);
    expect(watcher.evaluate(start, forecast(5, 0.9))).toEqual([]);
    const [change] = watcher.evaluate(start, forecast(3, 0.9));
    expect(change?.alert.summary).toBe(
      'The tokens quota of key "k1" will be used up in 3.0 hours if things go on like this',
    );
    expect(told(watcher.evaluate(start + second, []))).toEqual(['resolved quota{key="k1"}']);
  });

  it('tell when no call was made for so long, and that calls are made again', () => {
    const watcher = watch({ id: 'quiet', kind: 'silence', windowSeconds: 300, where: { team: ['search'] } });
    expect(evaluateUntil(watcher, start, start + 5 * minute - second)).toEqual([]);
    watcher.take(settled({ atMs: start + 4 * minute, team: 'ads' }), start + 4 * minute);
    expect(told(watcher.evaluate(start + 5 * minute))).toEqual(['fired quiet']);
    watcher.take(settled({ atMs: start + 6 * minute }), start + 6 * minute);
    expect(told(watcher.evaluate(start + 6 * minute))).toEqual(['resolved quiet']);
    const restarted = watch({ id: 'quiet', kind: 'silence', windowSeconds: 300 });
    restarted.remember([entryOf({ atMs: start - hour })], start - day, start);
    expect(evaluateUntil(restarted, start, start + 5 * minute - second)).toEqual([]);
  });
});

function attempts(
  count: number,
  of: (index: number) => Parameters<typeof settled>[0],
): ReturnType<typeof settled>[] {
  return Array.from({ length: count }, (_, index) => settled(of(index)));
}
