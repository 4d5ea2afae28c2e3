import { ConfigurationError, MoneyError } from '@genops/core';
import { describe, expect, it } from 'vitest';
import type { Bench } from './ledger-driver.ts';
import {
  budget,
  correctionOf,
  costOf,
  decimal,
  draw,
  hold,
  refusedEntry,
  reserveRequest,
  settledEntry,
  spend,
} from './samples.ts';

export function testEndings({ ledger, clock }: Bench): void {
  const stateNow = async () => (await ledger().states([{ limit: budget(), bucket: '' }]))[0];
  const settle = (id: string, amount: string) =>
    ledger().settle({ id, amounts: [decimal(amount)], entry: settledEntry(id, costOf(amount)) });
  const release = (id: string) =>
    ledger().release({ id, entry: settledEntry(id, costOf('0'), { outcome: 'failed' }) });

  describe('settle', () => {
    it('counts what was spent, frees the rest, and records the entry', async () => {
      await hold(ledger(), reserveRequest('a', [draw(budget(), '0.30')]));
      clock().advance(1500);
      const settled = await settle('a', '0.1');
      expect(settled).toMatchObject({
        result: 'recorded',
        states: [{ settled: '0.1', held: '0', available: '0.9' }],
        entry: {
          id: 'a',
          kind: 'settled',
          at: '2026-08-15T12:00:00.000Z',
          endedAt: '2026-08-15T12:00:01.500Z',
          operationId: 'operation-a',
        },
      });
      expect(settled).not.toHaveProperty('entry.flags');
    });

    it('records what came out above the hold in full, flags it, and closes the budget', async () => {
      await hold(ledger(), reserveRequest('a', [draw(budget(), '0.30')]));
      expect(await settle('a', '1.20')).toMatchObject({
        result: 'recorded',
        entry: { flags: ['over_hold'] },
        states: [{ settled: '1.2', available: '-0.2' }],
      });
      expect(await ledger().reserve(reserveRequest('b', [draw(budget(), '0')]))).toMatchObject({
        result: 'refused',
      });
    });

    it('keeps the flags of the caller beside its own', async () => {
      await hold(ledger(), reserveRequest('a', [draw(budget(), '0.1')]));
      const entry = settledEntry('a', costOf('0.2'), { flags: ['usage_estimated'] });
      expect(await ledger().settle({ id: 'a', amounts: [decimal('0.2')], entry })).toMatchObject({
        entry: { flags: ['usage_estimated', 'over_hold'] },
      });
    });

    it('answers a repeat the same way and counts nothing more', async () => {
      await hold(ledger(), reserveRequest('a', [draw(budget(), '0.30')]));
      const first = await settle('a', '0.4');
      clock().advance(5000);
      expect(await settle('a', '0.4')).toEqual(first);
      expect(await stateNow()).toMatchObject({ settled: '0.4', held: '0' });
    });

    it.each([
      ['another amount', '0.2', {}],
      ['another entry', '0.1', { status: 500 }],
    ])('refuses a second end with %s as a conflict', async (_, amount, changes) => {
      await spend(ledger(), 'a', budget(), '0.1');
      const entry = settledEntry('a', costOf('0.1'), changes);
      expect(await ledger().settle({ id: 'a', amounts: [decimal(amount)], entry })).toMatchObject({
        result: 'conflict',
        endedAs: 'settled',
      });
      expect(await stateNow()).toMatchObject({ settled: '0.1' });
    });

    it('says when nothing is held', async () => {
      expect(await settle('nobody', '0.1')).toEqual({
        result: 'unknown_hold',
        message: expect.stringContaining('"nobody"'),
      });
      expect(await release('nobody')).toMatchObject({ result: 'unknown_hold' });
    });

    it('rejects a negative amount and leaves the hold as it is', async () => {
      await hold(ledger(), reserveRequest('a', [draw(budget(), '0.3')]));
      await expect(settle('a', '-0.1')).rejects.toThrow(MoneyError);
      expect(await stateNow()).toMatchObject({ held: '0.3', settled: '0' });
    });

    it('rejects amounts that do not match the draws', async () => {
      await hold(ledger(), reserveRequest('a', [draw(budget(), '0.3')]));
      await expect(
        ledger().settle({ id: 'a', amounts: [], entry: settledEntry('a', costOf('0')) }),
      ).rejects.toThrow(ConfigurationError);
      expect(await stateNow()).toMatchObject({ held: '0.3' });
    });

    it('settles each draw in its own unit', async () => {
      const tokens = budget({ id: 'tokens', unit: 'tokens', amount: '1000' });
      const calls = budget({ id: 'calls', unit: 'requests', amount: '10' });
      await hold(
        ledger(),
        reserveRequest('a', [draw(budget(), '0.3'), draw(tokens, '900'), draw(calls, '1')]),
      );
      const settled = await ledger().settle({
        id: 'a',
        amounts: [decimal('0.1'), decimal('150'), decimal('1')],
        entry: settledEntry('a', costOf('0.1')),
      });
      expect(settled).toMatchObject({
        states: [
          { unit: 'money', settled: '0.1' },
          { unit: 'tokens', settled: '150', available: '850' },
          { unit: 'requests', settled: '1', available: '9' },
        ],
      });
      expect(settled).not.toHaveProperty('states.1.currency');
    });

    it('gives a place among concurrent calls back, whatever it is settled with', async () => {
      const concurrent = budget({
        id: 'concurrent',
        unit: 'concurrency',
        amount: '1',
        window: { kind: 'lifetime' },
      });
      await hold(ledger(), reserveRequest('a', [draw(concurrent, '1')]));
      expect(await ledger().reserve(reserveRequest('b', [draw(concurrent, '1')]))).toMatchObject({
        result: 'refused',
      });
      expect(
        await ledger().settle({ id: 'a', amounts: [decimal('1')], entry: settledEntry('a', costOf('0.1')) }),
      ).toMatchObject({ states: [{ settled: '0', held: '0', available: '1' }] });
      expect(await ledger().reserve(reserveRequest('b', [draw(concurrent, '1')]))).toMatchObject({
        result: 'held',
      });
    });
  });

  describe('release', () => {
    it('frees the hold and records that nothing was spent', async () => {
      await hold(ledger(), reserveRequest('a', [draw(budget(), '0.3')]));
      expect(await release('a')).toMatchObject({
        result: 'recorded',
        entry: { id: 'a', kind: 'released' },
        states: [{ settled: '0', held: '0', available: '1' }],
      });
    });

    it('answers a repeat the same way', async () => {
      await hold(ledger(), reserveRequest('a', [draw(budget(), '0.3')]));
      expect(await release('a')).toEqual(await release('a'));
    });

    it('does not take back what was settled, nor settles what was released', async () => {
      await spend(ledger(), 'a', budget(), '0.1');
      expect(await release('a')).toMatchObject({ result: 'conflict', endedAs: 'settled' });
      await hold(ledger(), reserveRequest('b', [draw(budget(), '0.3')]));
      await release('b');
      expect(await settle('b', '0.2')).toMatchObject({ result: 'conflict', endedAs: 'released' });
      expect(await stateNow()).toMatchObject({ settled: '0.1', held: '0' });
    });
  });

  describe('record', () => {
    it('records a refusal once', async () => {
      const first = await ledger().record(refusedEntry('r'));
      expect(first).toMatchObject({ result: 'recorded', entry: { id: 'r', kind: 'refused' }, states: [] });
      expect(await ledger().record(refusedEntry('r'))).toEqual(first);
      expect(await ledger().record(refusedEntry('r', { status: 429 }))).toMatchObject({ result: 'conflict' });
      expect((await ledger().entries()).entries).toHaveLength(1);
    });

    it('refuses the id of a hold that has not ended', async () => {
      await hold(ledger(), reserveRequest('a', [draw(budget(), '0.3')]));
      expect(await ledger().record(refusedEntry('a'))).toMatchObject({ result: 'conflict' });
    });

    it('corrects what an earlier entry counted, and leaves that entry as it is', async () => {
      await spend(ledger(), 'a', budget(), '0.5');
      expect(await ledger().record(correctionOf('a', '-0.2'))).toMatchObject({
        result: 'recorded',
        entry: { kind: 'correction', corrects: 'a' },
        states: [{ settled: '0.3' }],
      });
      const { entries } = await ledger().entries();
      expect(
        entries.map(({ id, cost }) => [id, cost.result === 'priced' && cost.total.amount.toFixed()]),
      ).toEqual([
        ['a', '0.5'],
        ['a:correction', '-0.2'],
      ]);
      expect((await ledger().sum({ by: [] }))[0]?.cost.amount.toFixed()).toBe('0.3');
    });

    it('corrects in the window in which the call was admitted', async () => {
      await spend(ledger(), 'a', budget(), '0.5');
      clock().set('2026-09-02T00:00:00.000Z');
      expect(await ledger().record(correctionOf('a', '0.1'))).toMatchObject({
        states: [{ settled: '0.6', windowStart: '2026-08-01T00:00:00.000Z' }],
      });
      expect(await stateNow()).toMatchObject({ settled: '0' });
    });

    it('never corrects an entry to less than nothing', async () => {
      await spend(ledger(), 'a', budget(), '0.5');
      await ledger().record(correctionOf('a', '-0.4', { id: 'first' }));
      expect(await ledger().record(correctionOf('a', '-0.2', { id: 'second' }))).toMatchObject({
        result: 'conflict',
      });
      expect(await stateNow()).toMatchObject({ settled: '0.1' });
    });

    it('says when there is nothing to correct', async () => {
      expect(await ledger().record(correctionOf('nobody', '0.1'))).toMatchObject({ result: 'unknown_hold' });
    });
  });

  describe('thresholds', () => {
    const alerting = budget({ thresholds: [80, 50] });
    const settleAlerting = async (id: string, amount: string) => {
      await hold(ledger(), reserveRequest(id, [draw(alerting, amount)]));
      const settled = await settle(id, amount);
      return settled.result === 'recorded' && settled.thresholds.map(({ threshold }) => threshold);
    };

    it('tell once per window when they are reached', async () => {
      expect(await settleAlerting('a', '0.4')).toEqual([]);
      expect(await settleAlerting('b', '0.1')).toEqual([50]);
      expect(await settleAlerting('c', '0.1')).toEqual([]);
      expect(await settleAlerting('d', '0.3')).toEqual([80]);
      clock().set('2026-09-01T00:00:00.000Z');
      expect(await settleAlerting('e', '0.9')).toEqual([50, 80]);
    });

    it('tell nothing again on a repeat', async () => {
      await settleAlerting('a', '0.6');
      expect(await settle('a', '0.6')).toMatchObject({ result: 'recorded', thresholds: [] });
    });

    it('are seen by the next call when the amount was lowered', async () => {
      await settleAlerting('a', '0.4');
      const lowered = budget({ thresholds: [50], amount: '0.7' });
      expect((await hold(ledger(), reserveRequest('b', [draw(lowered, '0.1')]))).thresholds).toMatchObject([
        { threshold: 50, state: { limitId: 'monthly', amount: '0.7', settled: '0.4' } },
      ]);
    });
  });
}
