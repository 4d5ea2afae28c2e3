import { Decimal, type Limit, type LimitState } from '@genops/core';
import type { EndResult, Ledger, ReserveResult } from '@genops/ledger';
import type { LedgerStore } from '@genops/ledger/testing';
import { startPostgres, startRedis } from '@genops/ledger/testing/servers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  costOf,
  draw,
  holdEntry,
  reserveRequest,
  settledEntry,
  startOfTest,
  testClock,
} from '../src/testing/samples.ts';
import { onServer } from '../src/testing/servers/on-server.ts';
import { createModel, type ModelDraw, type ModelLimit, type ModelReply } from './model.ts';
import { memoryStore, postgresStore, redisStore, sqliteStore } from './stores.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const subunitsPerUnit = 1_000_000_000_000n;

const base = { unit: 'money', mode: 'enforced', overdraft: 0n, rollOverUpTo: 0n, thresholds: [] } as const;

/** One of every kind; the amount comes with each call, because it may change. */
const limits = [
  { ...base, id: 'daily', window: { kind: 'every', ms: dayMs }, thresholds: [50, 90] },
  { ...base, id: 'hourly', window: { kind: 'every', ms: hourMs }, rollOverUpTo: 300_000_000_001n },
  { ...base, id: 'rolling', window: { kind: 'rolling', ms: hourMs, stepMs: 60_000 }, thresholds: [70] },
  { ...base, id: 'ever', window: { kind: 'ever' }, mode: 'advisory' },
  { ...base, id: 'elastic', window: { kind: 'every', ms: dayMs }, overdraft: 250_000_000_000n },
  { ...base, id: 'calls', unit: 'requests', window: { kind: 'every', ms: hourMs }, thresholds: [100] },
  { ...base, id: 'concurrent', unit: 'concurrency', window: { kind: 'ever' } },
] as const satisfies readonly ModelLimit[];

function toLimit(limit: ModelLimit, capacity: bigint): Limit {
  return {
    id: limit.id,
    unit: limit.unit,
    amount: text(capacity),
    scope: {},
    mode: limit.mode,
    window: toWindow(limit),
    ...(limit.overdraft > 0n && { onExceeded: 'elastic', overdraft: text(limit.overdraft) }),
    ...(limit.rollOverUpTo > 0n && { rollOverUpTo: text(limit.rollOverUpTo) }),
    ...(limit.thresholds.length > 0 && { thresholds: limit.thresholds }),
  };
}

function toWindow({ window }: ModelLimit): Limit['window'] {
  switch (window.kind) {
    case 'ever':
      return { kind: 'lifetime' };
    case 'rolling':
      return { kind: 'rolling', seconds: window.ms / 1000 };
    case 'every':
      return { kind: 'calendar', period: window.ms === dayMs ? 'day' : 'hour' };
  }
}

/** Sub-units as plain text, in a way of its own. */
function text(subunits: bigint): string {
  const sign = subunits < 0n ? '-' : '';
  const size = subunits < 0n ? -subunits : subunits;
  const fraction = (size % subunitsPerUnit).toString().padStart(12, '0').replace(/0+$/, '');
  return `${sign}${size / subunitsPerUnit}${fraction === '' ? '' : `.${fraction}`}`;
}

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const amount = fc.oneof(
  fc.bigInt({ min: 0n, max: 500_000_000_000n }),
  fc.constantFrom(0n, 1n, 333_333_333_333n),
);
const command = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('reserve' as const),
      id: fc.constantFrom(...ids),
      bucket: fc.constantFrom('', 'customerId=acme'),
      amount,
      drawn: fc.subarray(
        limits.map(({ id }) => id),
        { minLength: 1 },
      ),
      expiresInMs: fc.constantFrom(1000, 60_000, 2 * hourMs),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('settle' as const), id: fc.constantFrom(...ids), amount }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const), id: fc.constantFrom(...ids) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      ms: fc.constantFrom(1, 999, 59_999, 30 * 60_000, hourMs, 23 * hourMs, 3 * dayMs),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('setLimit' as const),
      capacity: fc.bigInt({ min: 0n, max: 3_000_000_000_000n }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const) }) },
);
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

/** What the model and a ledger can both say of a state. */
function stateFacts({ limitId, bucket, amount, settled, held, available }: LimitState) {
  return { id: limitId, bucket, amount, settled, held, available };
}

function reserveFacts(reply: ReserveResult): ModelReply {
  switch (reply.result) {
    case 'held':
      return {
        result: 'held',
        at: Date.parse(reply.at),
        expiresAt: Date.parse(reply.expiresAt),
        exceeded: reply.exceeded.map(({ state }) => state.limitId),
        thresholds: reply.thresholds.map(({ state, threshold }) => `${state.limitId}@${threshold}`),
        states: reply.states.map(stateFacts),
      };
    case 'refused':
      return {
        result: 'refused',
        binding: reply.shortfall.state.limitId,
        wait: reply.shortfall.retryAfterMs ?? Number.POSITIVE_INFINITY,
        states: reply.states.map(stateFacts),
      };
    case 'conflict':
      return { result: 'conflict', endedAs: reply.endedAs };
  }
}

function endFacts(reply: EndResult): ModelReply {
  switch (reply.result) {
    case 'recorded':
      return {
        result: 'recorded',
        kind: reply.entry.kind,
        flags: reply.entry.flags ?? [],
        thresholds: reply.thresholds.map(({ state, threshold }) => `${state.limitId}@${threshold}`),
        states: reply.states.map(stateFacts),
      };
    case 'conflict':
      return { result: 'conflict', endedAs: reply.endedAs };
    case 'unknown_hold':
      return { result: 'unknown_hold' };
  }
}

/** The model's numbers as a ledger writes them. */
function written(reply: ModelReply): ModelReply {
  return JSON.parse(
    JSON.stringify(reply, (_, value) =>
      typeof value === 'bigint' ? text(value) : value === Number.POSITIVE_INFINITY ? 'never' : value,
    ),
  );
}

/** Runs commands against a model and a store side by side; each reply must be the same. */
async function compare(commands: readonly Command[], store: LedgerStore, survives: boolean): Promise<void> {
  const clock = testClock(startOfTest);
  const now = (): number => clock.now().getTime();
  const model = createModel();
  const draws = new Map<string, readonly ModelDraw[]>();
  let capacity = 1_000_000_000_000n;
  let ledger: Ledger = await store.open({ now: clock.now });
  try {
    for (const step of commands) {
      switch (step.kind) {
        case 'advance':
          clock.advance(step.ms);
          break;
        case 'setLimit':
          capacity = step.capacity;
          break;
        case 'crash':
          if (!survives) break;
          await ledger.close();
          ledger = await store.open({ now: clock.now });
          break;
        case 'expire':
          expect(await ledger.expire()).toEqual({ expired: model.expire(now()) });
          break;
        case 'reserve': {
          const planned = step.drawn.map((id) => drawOf(id, step.bucket, step.amount, capacity));
          const request = reserveRequest(
            step.id,
            planned.map((item) =>
              draw(toLimit(item.limit, item.capacity), text(item.amount), { bucket: item.bucket }),
            ),
            { expiresInMs: step.expiresInMs, entry: holdEntry('shared') },
          );
          const reply = await ledger.reserve(request);
          const expected = model.reserve(now(), step.id, planned, step.expiresInMs);
          if (expected['result'] === 'held') draws.set(step.id, draws.get(step.id) ?? planned);
          expect(written(reserveFacts(reply))).toEqual(written(expected));
          break;
        }
        case 'settle': {
          const count = draws.get(step.id)?.length ?? 1;
          const amounts = Array.from({ length: count }, () => step.amount);
          const reply = await ledger.settle({
            id: step.id,
            amounts: amounts.map((subunits) => new Decimal(text(subunits))),
            entry: settledEntry('shared', costOf(text(step.amount))),
          });
          expect(written(endFacts(reply))).toEqual(written(model.settle(now(), step.id, amounts)));
          break;
        }
        case 'release': {
          const reply = await ledger.release({ id: step.id, entry: settledEntry('shared', costOf('0')) });
          expect(written(endFacts(reply))).toEqual(written(model.release(now(), step.id)));
        }
      }
    }
    await ledger.expire();
    model.expire(now());
    const { entries } = await ledger.entries({ pageSize: 1000 });
    expect(entries.map(({ id }) => id)).toEqual(model.entries());
    const [sum] = await ledger.sum({ by: [] });
    expect(sum?.cost.amount.toFixed() ?? '0').toBe(text(model.spent()));
    expect(await ledger.verify()).toMatchObject({ result: 'intact', findings: [] });
  } finally {
    await ledger.close();
    await store.remove();
  }
}

function drawOf(id: string, bucket: string, subunits: bigint, capacity: bigint): ModelDraw {
  const limit = limits.find((candidate) => candidate.id === id) ?? limits[0];
  const counts = limit.unit !== 'money';
  return {
    limit,
    bucket,
    capacity: counts ? (capacity / subunitsPerUnit) * 2n * subunitsPerUnit : capacity,
    amount: counts ? subunitsPerUnit : subunits,
  };
}

function testModel(name: string, runs: number, createStore: () => LedgerStore, survives = true): void {
  it(`answers as the model does on ${name}`, { timeout: 120_000 }, async () => {
    const property = fc.asyncProperty(fc.array(command, { maxLength: 60, size: 'max' }), (commands) =>
      compare(commands, createStore(), survives),
    );
    await fc.assert(property, { numRuns: runs });
  });
}

const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);

describe('any sequence of operations', () => {
  testModel('memory', 600, memoryStore, false);
  testModel('SQLite', 60, () => sqliteStore('here'));
  onServer('Postgres', postgres, ({ url }) => {
    testModel('Postgres', 25, () => postgresStore(url));
    onServer('Redis', redis, ({ url: redisUrl }) => {
      testModel('Redis in front of Postgres', 25, () => redisStore(url, redisUrl));
    });
  });
});
