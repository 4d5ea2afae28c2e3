import type { Limit } from '@genops/core';
import type { Ledger } from '@genops/ledger';
import type { LedgerStore } from '@genops/ledger/testing';
import { startPostgres, startRedis } from '@genops/ledger/testing/servers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  budget,
  correctionOf,
  costOf,
  decimal,
  draw,
  reserveRequest,
  settledEntry,
  startOfTest,
  testClock,
} from '../src/testing/samples.ts';
import { onServer } from '../src/testing/servers/on-server.ts';
import { memoryStore, postgresStore, redisStore, sqliteStore } from './stores.ts';

const hourMs = 3_600_000;

/** Every kind of unit, window, mode and edge that a limit may have. */
const limits: readonly Limit[] = [
  budget({ id: 'monthly', thresholds: [20, 80] }),
  budget({
    id: 'euros',
    currency: 'EUR',
    window: { kind: 'calendar', period: 'week', timeZone: 'Asia/Kolkata' },
  }),
  budget({
    id: 'fiscal',
    window: { kind: 'calendar', period: 'quarter', fiscalYearStartMonth: 2, timeZone: 'America/New_York' },
    rollOverUpTo: '0.4',
  }),
  budget({
    id: 'yearly',
    amount: '20',
    window: { kind: 'calendar', period: 'year', fiscalYearStartMonth: 10 },
  }),
  budget({ id: 'daily', amount: '0.7', window: { kind: 'calendar', period: 'day' }, rollOverUpTo: '0.3' }),
  budget({ id: 'hourly', amount: '0.5', window: { kind: 'calendar', period: 'hour' }, onExceeded: 'clamp' }),
  budget({ id: 'fixed', window: { kind: 'fixed', seconds: 5400, anchor: startOfTest }, mode: 'advisory' }),
  budget({ id: 'rolling', window: { kind: 'rolling', seconds: 3600 }, thresholds: [50], mode: 'shadow' }),
  budget({ id: 'call', amount: '0.35', window: { kind: 'request' }, onExceeded: 'clamp' }),
  budget({ id: 'session', window: { kind: 'session' }, onExceeded: 'downgrade' }),
  budget({
    id: 'lifetime',
    amount: '3',
    window: { kind: 'lifetime' },
    onExceeded: 'elastic',
    overdraft: '0.5',
  }),
  budget({
    id: 'increased',
    increases: [
      { amount: '1', from: '2026-08-15T13:00:00.000Z', until: '2026-08-15T18:00:00.000Z' },
      { amount: '-0.5', from: '2026-08-15T17:00:00.000Z', until: '2026-08-16T12:00:00.000Z' },
    ],
  }),
  budget({
    id: 'tokens',
    unit: 'tokens',
    amount: '900',
    window: { kind: 'rate', seconds: 60, burst: '1200' },
  }),
  budget({ id: 'requests', unit: 'requests', amount: '3', window: { kind: 'rate', seconds: 600 } }),
  budget({
    id: 'quota',
    unit: 'requests',
    amount: '9',
    window: { kind: 'calendar', period: 'day' },
    thresholds: [50],
  }),
  budget({ id: 'places', unit: 'concurrency', amount: '3', window: { kind: 'lifetime' }, thresholds: [100] }),
];

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
const id = fc.constantFrom(...ids);
const thousandths = fc.integer({ min: 0, max: 600 });
const command = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('reserve' as const),
      id,
      thousandths,
      drawn: fc.subarray([...limits], { minLength: 1, maxLength: 6 }),
      bucket: fc.constantFrom('', 'sessionId=one'),
      clamps: fc.boolean(),
      expiresInMs: fc.constantFrom(1000, 90_000, 5 * hourMs),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('settle' as const), id, thousandths }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('correct' as const), id, thousandths }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'expire' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'states' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      ms: fc.constantFrom(1, 333, 20_000, 59_999, 45 * 60_000, 7 * hourMs, 40 * 24 * hourMs),
    }),
  },
);
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

/** Everything that a ledger on the store says while the commands are carried out, as it would be written down. */
async function replies(
  store: LedgerStore,
  commands: readonly Command[],
  reopens: boolean,
): Promise<unknown[]> {
  const clock = testClock(startOfTest);
  const drawn = new Map<string, readonly Limit[]>();
  const said: unknown[] = [];
  let ledger: Ledger = await store.open({ now: clock.now });
  const amountOn = ({ unit }: Limit, amount: number): string =>
    unit === 'money' ? `0.${String(amount).padStart(3, '0')}` : unit === 'tokens' ? String(amount) : '1';
  try {
    for (const step of commands) {
      switch (step.kind) {
        case 'advance':
          clock.advance(step.ms);
          break;
        case 'reopen':
          if (!reopens) break;
          await ledger.close();
          ledger = await store.open({ now: clock.now });
          break;
        case 'expire':
          said.push(await ledger.expire());
          break;
        case 'states':
          said.push(await ledger.states(limits.map((limit) => ({ limit, bucket: '' }))));
          break;
        case 'reserve': {
          const draws = step.drawn.map((limit) =>
            draw(limit, amountOn(limit, step.thousandths), {
              bucket: step.bucket,
              ...(step.clamps && limit.unit === 'money' && { minimum: decimal('0') }),
            }),
          );
          const { clamps, expiresInMs } = step;
          const reply = await ledger.reserve(
            reserveRequest(step.id, draws, { expiresInMs, ...(clamps && { clampSteps: 100 }) }),
          );
          if (reply.result === 'held' && !drawn.has(step.id)) drawn.set(step.id, step.drawn);
          said.push(reply);
          break;
        }
        case 'settle': {
          const amounts = (drawn.get(step.id) ?? []).map((limit) =>
            decimal(amountOn(limit, step.thousandths)),
          );
          const entry = settledEntry(step.id, costOf(amountOn(budget(), step.thousandths)));
          said.push(await ledger.settle({ id: step.id, amounts, entry }));
          break;
        }
        case 'release':
          said.push(await ledger.release({ id: step.id, entry: settledEntry(step.id, costOf('0')) }));
          break;
        case 'correct':
          said.push(await ledger.record(correctionOf(step.id, `-${amountOn(budget(), step.thousandths)}`)));
      }
    }
    said.push(await ledger.expire(), await ledger.states(limits.map((limit) => ({ limit, bucket: '' }))));
    said.push((await ledger.entries({ pageSize: 1000 })).entries, await ledger.sum({ by: ['kind'] }));
    const { result, findings } = await ledger.verify();
    said.push({ result, findings });
    return JSON.parse(JSON.stringify(said));
  } finally {
    await ledger.close();
    await store.remove();
  }
}

function testSameReplies(name: string, numRuns: number, createStore: () => LedgerStore): void {
  it(`are the same on ${name} as in memory`, { timeout: 180_000 }, async () => {
    const property = fc.asyncProperty(fc.array(command, { maxLength: 50, size: 'max' }), async (commands) => {
      expect(await replies(createStore(), commands, true)).toEqual(
        await replies(memoryStore(), commands, false),
      );
    });
    await fc.assert(property, { numRuns });
  });
}

const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);

describe('replies to the same commands', () => {
  testSameReplies('SQLite', 60, () => sqliteStore('here'));
  onServer('Postgres', postgres, ({ url }) => {
    testSameReplies('Postgres', 20, () => postgresStore(url));
    onServer('Redis', redis, ({ url: redisUrl }) => {
      testSameReplies('Redis in front of Postgres', 20, () => redisStore(url, redisUrl));
    });
  });
});
