import type { Limit } from '@genops/core';
import { createMemoryLedger } from '@genops/ledger/memory';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  budget,
  costOf,
  decimal,
  draw,
  reserveRequest,
  settledEntry,
  startOfTest,
  testClock,
} from '../src/testing/samples.ts';

interface Arrival {
  readonly afterMs: number;
  readonly holds: number;
  /** In percent of what it holds. */
  readonly uses: number;
  readonly endsAfterMs: number;
}

const arrivals = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 60_000 })),
    holds: fc.integer({ min: 1, max: 400 }),
    uses: fc.integer({ min: 0, max: 100 }),
    endsAfterMs: fc.integer({ min: 0, max: 90_000 }),
  }),
  { minLength: 1, maxLength: 80, size: 'max' },
);

interface Used {
  readonly at: number;
  readonly amount: number;
}

/** Lets arrivals come, and their calls end, in the order of time. */
async function run(limit: Limit, coming: readonly Arrival[]): Promise<Used[]> {
  const clock = testClock(startOfTest);
  const ledger = createMemoryLedger({ now: clock.now });
  const now = (): number => clock.now().getTime();
  const ends: { readonly at: number; readonly id: string; readonly amount: number }[] = [];
  const used: Used[] = [];

  async function advanceTo(time: number): Promise<void> {
    ends.sort((left, right) => left.at - right.at);
    for (let end = ends[0]; end !== undefined && end.at <= time; end = ends[0]) {
      ends.shift();
      clock.advance(Math.max(0, end.at - now()));
      const entry = settledEntry(end.id, costOf('0'));
      await ledger.settle({ id: end.id, amounts: [decimal(String(end.amount))], entry });
    }
    clock.advance(Math.max(0, time - now()));
  }

  let time = now();
  for (const [index, arrival] of coming.entries()) {
    time += arrival.afterMs;
    await advanceTo(time);
    const id = `call-${index}`;
    const request = reserveRequest(id, [draw(limit, String(arrival.holds))], { expiresInMs: 3_600_000 });
    const { result } = await ledger.reserve(request);
    if (result !== 'held') continue;
    const amount = Math.floor((arrival.holds * arrival.uses) / 100);
    used.push({ at: now(), amount });
    ends.push({ at: now() + arrival.endsAfterMs, id, amount });
  }
  await advanceTo(time + 3_600_000);
  return used;
}

/** The most that was admitted in any stretch of time, beyond what it allows. */
function excess(used: readonly Used[], allowed: (milliseconds: number) => number): number {
  let most = 0;
  used.forEach((first, from) => {
    let sum = 0;
    for (const { at, amount } of used.slice(from)) {
      sum += amount;
      most = Math.max(most, sum - allowed(at - first.at));
    }
  });
  return most;
}

describe('limits on tokens over time', () => {
  it('of a steady rate admit in any stretch no more than the burst and the rate allow, refunds included', async () => {
    const limit = budget({
      id: 'tpm',
      unit: 'tokens',
      amount: '600',
      window: { kind: 'rate', seconds: 60, burst: '500' },
    });
    await fc.assert(
      fc.asyncProperty(arrivals, async (coming) => {
        expect(excess(await run(limit, coming), (milliseconds) => 500 + milliseconds / 100)).toBeLessThan(
          0.001,
        );
      }),
      { numRuns: 300 },
    );
  });

  it('of a rolling window admit in any stretch of its length no more than its amount', async () => {
    const limit = budget({
      id: 'rolling',
      unit: 'tokens',
      amount: '1000',
      window: { kind: 'rolling', seconds: 60 },
    });
    await fc.assert(
      fc.asyncProperty(arrivals, async (coming) => {
        const used = await run(limit, coming);
        const most = Math.max(
          0,
          ...used.map(({ at: from }) =>
            used
              .filter(({ at }) => at >= from && at < from + 60_000)
              .reduce((sum, { amount }) => sum + amount, 0),
          ),
        );
        expect(most).toBeLessThanOrEqual(1000);
      }),
      { numRuns: 300 },
    );
  });

  it('say truthfully when a refused call may come again: not a millisecond sooner', async () => {
    const limits = [
      budget({
        id: 'rate',
        unit: 'tokens',
        amount: '600',
        window: { kind: 'rate', seconds: 60, burst: '400' },
      }),
      budget({ id: 'rolling', unit: 'tokens', amount: '600', window: { kind: 'rolling', seconds: 60 } }),
      budget({ id: 'hourly', unit: 'tokens', amount: '600', window: { kind: 'calendar', period: 'hour' } }),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...limits),
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 2, maxLength: 20 }),
        async (limit, sizes) => {
          const clock = testClock(startOfTest);
          const ledger = createMemoryLedger({ now: clock.now });
          for (const [index, size] of sizes.entries()) {
            clock.advance(size * 7);
            const reserve = (id: string) =>
              ledger.reserve(reserveRequest(id, [draw(limit, String(size))], { expiresInMs: 86_400_000 }));
            const reply = await reserve(`call-${index}`);
            if (reply.result !== 'refused' || reply.shortfall.retryAfterMs === undefined) continue;
            clock.advance(reply.shortfall.retryAfterMs - 1);
            expect((await reserve(`early-${index}`)).result).toBe('refused');
            clock.advance(1);
            expect((await reserve(`in-time-${index}`)).result).toBe('held');
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
