import type { LimitWindow } from '@genops/core';
import { describe, expect, it } from 'vitest';
import type { Bench } from './ledger-driver.ts';
import { budget, costOf, decimal, draw, hold, reserveRequest, settledEntry, spend } from './samples.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;

export function testWindows({ ledger, clock }: Bench): void {
  const limited = (window: LimitWindow, changes = {}) => budget({ window, ...changes });

  describe('windows', () => {
    it('begin anew at the edge of the calendar, without anybody resetting them', async () => {
      const daily = limited({ kind: 'calendar', period: 'day', timeZone: 'Asia/Kolkata' });
      await spend(ledger(), 'a', daily, '1');
      const refused = await ledger().reserve(reserveRequest('b', [draw(daily, '0.1')]));
      // Midnight in Kolkata is 18:30 in Greenwich.
      expect(refused).toMatchObject({ shortfall: { retryAfterMs: 6.5 * 60 * minuteMs } });
      clock().set('2026-08-15T18:29:59.999Z');
      expect(await ledger().reserve(reserveRequest('b', [draw(daily, '0.1')]))).toMatchObject({
        result: 'refused',
      });
      clock().advance(1);
      expect(await hold(ledger(), reserveRequest('b', [draw(daily, '0.1')]))).toMatchObject({
        states: [
          { windowStart: '2026-08-15T18:30:00.000Z', resetsAt: '2026-08-16T18:30:00.000Z', settled: '0' },
        ],
      });
    });

    it('count a call where it was admitted, also when it ends in the next one', async () => {
      const daily = limited({ kind: 'calendar', period: 'day' });
      await hold(ledger(), reserveRequest('a', [draw(daily, '0.8')], { expiresInMs: dayMs }));
      clock().set('2026-08-16T00:00:00.000Z');
      await hold(ledger(), reserveRequest('b', [draw(daily, '1')]));
      expect(
        await ledger().settle({
          id: 'a',
          amounts: [decimal('0.5')],
          entry: settledEntry('a', costOf('0.5')),
        }),
      ).toMatchObject({ states: [{ settled: '0.5', held: '0', windowStart: '2026-08-15T00:00:00.000Z' }] });
      expect(await ledger().states([{ limit: daily, bucket: '' }])).toMatchObject([
        { settled: '0', held: '1' },
      ]);
    });

    it('of a fixed length begin at their anchor', async () => {
      const fixed = limited({ kind: 'fixed', seconds: 7200, anchor: '2026-01-01T01:00:00.000Z' });
      expect(await ledger().states([{ limit: fixed, bucket: '' }])).toMatchObject([
        { windowStart: '2026-08-15T11:00:00.000Z', resetsAt: '2026-08-15T13:00:00.000Z' },
      ]);
    });

    it('that roll never let more through in any interval of their length', async () => {
      const rolling = limited({ kind: 'rolling', seconds: 60 });
      await spend(ledger(), 'a', rolling, '0.6');
      clock().advance(30_000);
      await spend(ledger(), 'b', rolling, '0.4');
      clock().advance(29_999);
      const refused = await ledger().reserve(reserveRequest('c', [draw(rolling, '0.5')]));
      // The first call is forgotten with the last of its second.
      expect(refused).toMatchObject({ result: 'refused', shortfall: { retryAfterMs: 1001 } });
      clock().advance(1000);
      expect(await ledger().reserve(reserveRequest('c', [draw(rolling, '0.5')]))).toMatchObject({
        result: 'refused',
      });
      clock().advance(1);
      expect(await hold(ledger(), reserveRequest('c', [draw(rolling, '0.5')]))).toMatchObject({
        states: [{ settled: '0.4', held: '0.5', available: '0.1' }],
      });
    });

    it('that roll count a call where it was admitted', async () => {
      const rolling = limited({ kind: 'rolling', seconds: 60 });
      await hold(ledger(), reserveRequest('a', [draw(rolling, '1')], { expiresInMs: 10 * minuteMs }));
      clock().advance(2 * minuteMs);
      const settled = await ledger().settle({
        id: 'a',
        amounts: [decimal('1')],
        entry: settledEntry('a', costOf('1')),
      });
      expect(settled).toMatchObject({ states: [{ settled: '0', held: '0' }] });
    });

    it('of a lifetime never end', async () => {
      const lifetime = limited({ kind: 'lifetime' });
      await spend(ledger(), 'a', lifetime, '1');
      clock().advance(1000 * dayMs);
      const refused = await ledger().reserve(reserveRequest('b', [draw(lifetime, '0.1')]));
      expect(refused).toMatchObject({ result: 'refused' });
      expect(refused).not.toHaveProperty('shortfall.retryAfterMs');
      expect(refused).not.toHaveProperty('shortfall.state.resetsAt');
    });

    it('of a session are told apart by their bucket', async () => {
      const session = limited({ kind: 'session' });
      await spend(ledger(), 'a', session, '1', 'sessionId=one');
      expect(
        await ledger().reserve(reserveRequest('b', [draw(session, '0.1', { bucket: 'sessionId=one' })])),
      ).toMatchObject({
        result: 'refused',
      });
      await hold(ledger(), reserveRequest('c', [draw(session, '1', { bucket: 'sessionId=two' })]));
    });

    it('carry over what the one before left, up to a bound', async () => {
      const daily = limited({ kind: 'calendar', period: 'day' }, { rollOverUpTo: '0.50' });
      expect(await ledger().states([{ limit: daily, bucket: '' }])).toMatchObject([{ amount: '1' }]);
      await spend(ledger(), 'a', daily, '0.7');
      clock().advance(dayMs);
      expect(await ledger().states([{ limit: daily, bucket: '' }])).toMatchObject([{ amount: '1.3' }]);
      await spend(ledger(), 'b', daily, '0.1');
      clock().advance(dayMs);
      expect(await ledger().states([{ limit: daily, bucket: '' }])).toMatchObject([{ amount: '1.5' }]);
      clock().advance(dayMs);
      // Nothing was used yesterday, so all of it is left; what was carried then is not carried again.
      await hold(ledger(), reserveRequest('c', [draw(daily, '1.5')]));
      expect(await ledger().reserve(reserveRequest('d', [draw(daily, '0.01')]))).toMatchObject({
        result: 'refused',
      });
    });

    it('carry nothing that is still held', async () => {
      const daily = limited({ kind: 'calendar', period: 'day' }, { rollOverUpTo: '1' });
      await hold(ledger(), reserveRequest('a', [draw(daily, '0.9')], { expiresInMs: 2 * dayMs }));
      clock().advance(dayMs);
      expect(await ledger().states([{ limit: daily, bucket: '' }])).toMatchObject([{ amount: '1.1' }]);
      await ledger().release({ id: 'a', entry: settledEntry('a', costOf('0')) });
      expect(await ledger().states([{ limit: daily, bucket: '' }])).toMatchObject([{ amount: '2' }]);
    });

    it('have more in them while an increase is in force, the last one when there are several', async () => {
      const increased = budget({
        increases: [
          { amount: '5', from: '2026-08-15T00:00:00.000Z', until: '2026-08-17T00:00:00.000Z' },
          { amount: '0.5', from: '2026-08-15T13:00:00.000Z', until: '2026-08-15T14:00:00.000Z' },
        ],
      });
      const amount = async () => (await ledger().states([{ limit: increased, bucket: '' }]))[0]?.amount;
      expect(await amount()).toBe('6');
      clock().set('2026-08-15T13:00:00.000Z');
      expect(await amount()).toBe('1.5');
      clock().set('2026-08-15T14:00:00.000Z');
      expect(await amount()).toBe('6');
      clock().set('2026-08-17T00:00:00.000Z');
      expect(await amount()).toBe('1');
    });
  });

  describe('rates', () => {
    const perMinute = (changes = {}) =>
      limited(
        { kind: 'rate', seconds: 60, burst: '3' },
        { id: 'rpm', unit: 'requests', amount: '60', ...changes },
      );

    it('let a burst through, then one call at a time, and say truthfully when', async () => {
      for (const id of ['a', 'b', 'c']) await hold(ledger(), reserveRequest(id, [draw(perMinute(), '1')]));
      const refused = await ledger().reserve(reserveRequest('d', [draw(perMinute(), '1')]));
      expect(refused).toMatchObject({
        result: 'refused',
        shortfall: { retryAfterMs: 1000, needed: '1', state: { amount: '3', settled: '3', available: '0' } },
      });
      clock().advance(999);
      expect(await ledger().reserve(reserveRequest('d', [draw(perMinute(), '1')]))).toMatchObject({
        result: 'refused',
        shortfall: { retryAfterMs: 1 },
      });
      clock().advance(1);
      await hold(ledger(), reserveRequest('d', [draw(perMinute(), '1')]));
    });

    it('are not paid by calls that were refused', async () => {
      for (const id of ['a', 'b', 'c']) await hold(ledger(), reserveRequest(id, [draw(perMinute(), '1')]));
      for (let again = 0; again < 20; again += 1)
        await ledger().reserve(reserveRequest('d', [draw(perMinute(), '1')]));
      clock().advance(1000);
      await hold(ledger(), reserveRequest('d', [draw(perMinute(), '1')]));
    });

    it('never admit a call larger than the burst', async () => {
      const refused = await ledger().reserve(reserveRequest('a', [draw(perMinute(), '4')]));
      expect(refused).toMatchObject({ result: 'refused' });
      expect(refused).not.toHaveProperty('shortfall.retryAfterMs');
    });

    it('give tokens back that were held and not used', async () => {
      const tokens = limited({ kind: 'rate', seconds: 60 }, { id: 'tpm', unit: 'tokens', amount: '6000' });
      await hold(ledger(), reserveRequest('a', [draw(tokens, '6000')]));
      expect(
        await ledger().settle({
          id: 'a',
          amounts: [decimal('1000')],
          entry: settledEntry('a', costOf('0.1')),
        }),
      ).toMatchObject({ states: [{ settled: '1000', available: '5000' }] });
      expect(await ledger().reserve(reserveRequest('b', [draw(tokens, '5001')]))).toMatchObject({
        result: 'refused',
      });
      await hold(ledger(), reserveRequest('c', [draw(tokens, '5000')]));
    });

    it('give nothing back that has drained already', async () => {
      const tokens = limited({ kind: 'rate', seconds: 60 }, { id: 'tpm', unit: 'tokens', amount: '6000' });
      await hold(ledger(), reserveRequest('a', [draw(tokens, '6000')], { expiresInMs: 10 * minuteMs }));
      clock().advance(2 * minuteMs);
      await hold(ledger(), reserveRequest('b', [draw(tokens, '6000')]));
      await ledger().settle({ id: 'a', amounts: [decimal('0')], entry: settledEntry('a', costOf('0')) });
      expect(await ledger().reserve(reserveRequest('c', [draw(tokens, '1')]))).toMatchObject({
        result: 'refused',
      });
    });

    it('owe what was used beyond the hold', async () => {
      const tokens = limited({ kind: 'rate', seconds: 60 }, { id: 'tpm', unit: 'tokens', amount: '6000' });
      await hold(ledger(), reserveRequest('a', [draw(tokens, '1000')]));
      expect(
        await ledger().settle({
          id: 'a',
          amounts: [decimal('9000')],
          entry: settledEntry('a', costOf('0.1')),
        }),
      ).toMatchObject({ states: [{ available: '-3000' }] });
      expect(await ledger().reserve(reserveRequest('b', [draw(tokens, '1')]))).toMatchObject({
        shortfall: { retryAfterMs: 30_010 },
      });
    });
  });
}
