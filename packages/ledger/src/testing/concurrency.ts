import { describe, expect, it } from 'vitest';
import type { Bench } from './ledger-driver.ts';
import { budget, costOf, decimal, draw, reserveRequest, settledEntry } from './samples.ts';

export function testConcurrency({ driver, ledger, store, clock }: Bench): void {
  describe('at the same time', () => {
    it('admits exactly as many callers as fit', async () => {
      const results = await Promise.all(
        Array.from({ length: 200 }, (_, caller) =>
          ledger().reserve(reserveRequest(`call-${caller}`, [draw(budget(), '0.03')])),
        ),
      );
      expect(results.filter(({ result }) => result === 'held')).toHaveLength(33);
      expect(await ledger().states([{ limit: budget(), bucket: '' }])).toMatchObject([{ held: '0.99' }]);
    });

    it('admits exactly as many when each settles as soon as it may', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 200 }, async (_, caller) => {
          const id = `call-${caller}`;
          const { result } = await ledger().reserve(reserveRequest(id, [draw(budget(), '0.03')]));
          if (result === 'held') {
            await ledger().settle({
              id,
              amounts: [decimal('0.03')],
              entry: settledEntry(id, costOf('0.03')),
            });
          }
          return result;
        }),
      );
      expect(outcomes.filter((result) => result === 'held')).toHaveLength(33);
      expect(await ledger().states([{ limit: budget(), bucket: '' }])).toMatchObject([
        { settled: '0.99', held: '0' },
      ]);
      expect(await ledger().verify()).toMatchObject({ result: 'intact', entries: 33, findings: [] });
    });

    it('gives callers that repeat one id one hold', async () => {
      const request = reserveRequest('a', [draw(budget(), '0.4')]);
      const results = await Promise.all(Array.from({ length: 20 }, () => ledger().reserve(request)));
      expect(new Set(results.map(({ result }) => result))).toEqual(new Set(['held']));
      expect(await ledger().states([{ limit: budget(), bucket: '' }])).toMatchObject([{ held: '0.4' }]);
    });

    it('lets one of several endings win', async () => {
      for (const round of ['a', 'b', 'c', 'd']) {
        await ledger().reserve(reserveRequest(round, [draw(budget(), '0.2')], { expiresInMs: 1000 }));
      }
      clock().advance(1000);
      const endings = await Promise.all(
        ['a', 'b', 'c', 'd'].flatMap((id) => [
          ledger().release({ id, entry: settledEntry(id, costOf('0')) }),
          ledger().settle({ id, amounts: [decimal('0.1')], entry: settledEntry(id, costOf('0.1')) }),
          ledger().expire(),
        ]),
      );
      expect(endings.filter((ending) => 'result' in ending && ending.result === 'recorded')).toHaveLength(4);
      const [state] = await ledger().states([{ limit: budget(), bucket: '' }]);
      expect(state).toMatchObject({ held: '0', settled: '0.4' });
      expect(await ledger().verify()).toMatchObject({ result: 'intact' });
    });

    it('draws on limits in opposite order without waiting for ever', async () => {
      const [one, other] = [budget({ id: 'one', amount: '2' }), budget({ id: 'other', amount: '2' })];
      const results = await Promise.all(
        Array.from({ length: 100 }, (_, caller) => {
          const draws = [draw(one, '0.03'), draw(other, '0.03')];
          return ledger().reserve(
            reserveRequest(`call-${caller}`, caller % 2 === 0 ? draws : draws.reverse()),
          );
        }),
      );
      expect(results.filter(({ result }) => result === 'held')).toHaveLength(66);
    });

    if (driver.keeps === 'everything' && driver.writers === 'one') {
      it('refuses a second writer', async () => {
        await expect(store().open({ now: clock().now })).rejects.toMatchObject({
          code: 'ledger_unavailable',
        });
      });
    }

    if (driver.writers === 'many') {
      it('admits exactly as many callers as fit, over several ledgers on one store', async () => {
        const others = await Promise.all([1, 2, 3].map(() => store().open({ now: clock().now })));
        const ledgers = [ledger(), ...others];
        const results = await Promise.all(
          Array.from({ length: 200 }, (_, caller) =>
            ledgers[caller % ledgers.length]?.reserve(
              reserveRequest(`call-${caller}`, [draw(budget(), '0.03')]),
            ),
          ),
        );
        expect(results.filter((result) => result?.result === 'held')).toHaveLength(33);
        for (const other of others) await other.close();
      });
    }
  });
}
