import { describe, expect, it } from 'vitest';
import type { Bench } from './ledger-driver.ts';
import {
  budget,
  costOf,
  decimal,
  draw,
  hold,
  refusedEntry,
  reserveRequest,
  settledEntry,
  spend,
} from './samples.ts';

export function testDurability({ ledger, clock, reopen }: Bench): void {
  describe('after it was closed and opened again', () => {
    const everything = async () => ({
      states: await ledger().states([{ limit: budget({ thresholds: [50] }), bucket: '' }]),
      entries: (await ledger().entries()).entries,
      sums: await ledger().sum({ by: ['team'] }),
    });

    it('has everything that it had', async () => {
      await spend(ledger(), 'a', budget(), '0.123456789012');
      await hold(ledger(), reserveRequest('b', [draw(budget(), '0.5')]));
      await ledger().record(refusedEntry('r'));
      const before = await everything();
      await reopen();
      expect(await everything()).toEqual(before);
      expect(await ledger().verify()).toMatchObject({ result: 'intact', entries: 2, findings: [] });
    });

    it('goes on with holds where they were', async () => {
      const request = reserveRequest('a', [draw(budget(), '0.5')]);
      const held = await hold(ledger(), request);
      await reopen();
      expect(await ledger().reserve(request)).toEqual(held);
      expect(await ledger().reserve({ ...request, expiresInMs: 5 })).toMatchObject({ result: 'conflict' });
      const end = { id: 'a', amounts: [decimal('0.2')], entry: settledEntry('a', costOf('0.2')) };
      const settled = await ledger().settle(end);
      expect(settled).toMatchObject({ result: 'recorded', states: [{ settled: '0.2', held: '0' }] });
      await reopen();
      expect(await ledger().settle(end)).toEqual(settled);
      expect(await ledger().reserve(request)).toMatchObject({ result: 'conflict', endedAs: 'settled' });
    });

    it('expires what a process left behind', async () => {
      await hold(ledger(), reserveRequest('a', [draw(budget(), '1')], { expiresInMs: 1000 }));
      await reopen();
      clock().advance(1000);
      expect(await ledger().expire()).toEqual({ expired: 1 });
      await hold(ledger(), reserveRequest('b', [draw(budget(), '1')]));
      expect(
        await ledger().settle({
          id: 'a',
          amounts: [decimal('0.1')],
          entry: settledEntry('a', costOf('0.1')),
        }),
      ).toMatchObject({ result: 'recorded', entry: { flags: ['late_settlement'] } });
    });

    it('does not tell a threshold again', async () => {
      const alerting = budget({ thresholds: [50] });
      await spend(ledger(), 'a', alerting, '0.6');
      await reopen();
      expect(await hold(ledger(), reserveRequest('b', [draw(alerting, '0.1')]))).toMatchObject({
        thresholds: [],
      });
    });

    it('remembers rates and rolling windows', async () => {
      const rate = budget({
        id: 'rate',
        unit: 'requests',
        amount: '1',
        window: { kind: 'rate', seconds: 60 },
      });
      const rolling = budget({ id: 'rolling', window: { kind: 'rolling', seconds: 600 } });
      await hold(
        ledger(),
        reserveRequest('a', [draw(rate, '1'), draw(rolling, '0.7')], { expiresInMs: 3_600_000 }),
      );
      await reopen();
      clock().advance(30_000);
      expect(await ledger().reserve(reserveRequest('b', [draw(rate, '1')]))).toMatchObject({
        shortfall: { retryAfterMs: 30_000 },
      });
      expect(await ledger().reserve(reserveRequest('b', [draw(rolling, '0.4')]))).toMatchObject({
        result: 'refused',
      });
    });

    it('answers nothing once it is closed', async () => {
      const closed = await closedLedger();
      await expect(closed.reserve(reserveRequest('a', []))).rejects.toMatchObject({
        code: 'ledger_unavailable',
      });
    });

    async function closedLedger() {
      const closed = ledger();
      await reopen();
      return closed;
    }
  });
}
