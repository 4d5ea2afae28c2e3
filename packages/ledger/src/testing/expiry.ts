import { describe, expect, it } from 'vitest';
import type { Bench } from './ledger-driver.ts';
import { budget, costOf, decimal, draw, hold, reserveRequest, settledEntry } from './samples.ts';

export function testExpiry({ ledger, clock }: Bench): void {
  const stateNow = async () => (await ledger().states([{ limit: budget(), bucket: '' }]))[0];
  const settle = (id: string, amount: string) =>
    ledger().settle({ id, amounts: [decimal(amount)], entry: settledEntry(id, costOf(amount)) });

  describe('expire', () => {
    it('ends holds whose time is over and records that nobody knows what became of them', async () => {
      await hold(ledger(), reserveRequest('a', [draw(budget(), '0.3')], { expiresInMs: 1000 }));
      await hold(ledger(), reserveRequest('b', [draw(budget(), '0.3')], { expiresInMs: 2000 }));
      clock().advance(1000);
      expect(await ledger().expire()).toEqual({ expired: 1 });
      expect(await ledger().expire()).toEqual({ expired: 0 });
      expect(await stateNow()).toMatchObject({ held: '0.3', settled: '0' });
      expect((await ledger().entries()).entries).toMatchObject([
        {
          id: 'a',
          kind: 'expired',
          outcome: 'unknown',
          cost: { result: 'unpriced', reason: 'unmetered' },
          at: '2026-08-15T12:00:00.000Z',
          endedAt: '2026-08-15T12:00:01.000Z',
        },
      ]);
    });

    it('holds until the last millisecond', async () => {
      await hold(ledger(), reserveRequest('a', [draw(budget(), '1')], { expiresInMs: 1000 }));
      clock().advance(999);
      expect(await ledger().reserve(reserveRequest('b', [draw(budget(), '1')]))).toMatchObject({
        result: 'refused',
      });
      clock().advance(1);
      expect(await ledger().reserve(reserveRequest('b', [draw(budget(), '1')]))).toMatchObject({
        result: 'held',
      });
    });

    it('needs no sweep for a hold to stop counting', async () => {
      await hold(ledger(), reserveRequest('a', [draw(budget(), '1')], { expiresInMs: 1000 }));
      clock().advance(5000);
      expect(await stateNow()).toMatchObject({ held: '0', available: '1' });
    });

    it('records a settlement that comes too late, flags it, and counts it where the call was admitted', async () => {
      await hold(ledger(), reserveRequest('a', [draw(budget(), '0.3')], { expiresInMs: 1000 }));
      clock().set('2026-09-02T00:00:00.000Z');
      const late = await settle('a', '0.2');
      expect(late).toMatchObject({
        result: 'recorded',
        entry: {
          id: 'a:late',
          kind: 'settled',
          corrects: 'a',
          flags: ['late_settlement'],
          at: '2026-08-15T12:00:00.000Z',
        },
        states: [{ settled: '0.2', held: '0', windowStart: '2026-08-01T00:00:00.000Z' }],
      });
      expect(await settle('a', '0.2')).toEqual(late);
      expect(await settle('a', '0.25')).toMatchObject({ result: 'conflict' });
      expect((await ledger().entries()).entries.map(({ id }) => id)).toEqual(['a', 'a:late']);
      expect(await ledger().expire()).toEqual({ expired: 0 });
    });

    it('does not release what has expired, and does not hold it again', async () => {
      await hold(ledger(), reserveRequest('a', [draw(budget(), '0.3')], { expiresInMs: 1000 }));
      clock().advance(1000);
      expect(await ledger().release({ id: 'a', entry: settledEntry('a', costOf('0')) })).toMatchObject({
        result: 'conflict',
        endedAs: 'expired',
      });
      expect(
        await ledger().reserve(reserveRequest('a', [draw(budget(), '0.3')], { expiresInMs: 1000 })),
      ).toMatchObject({ result: 'conflict', endedAs: 'expired' });
    });
  });
}
