import { ConfigurationError, MoneyError } from '@genops/core';
import { describe, expect, it } from 'vitest';
import type { Bench } from './ledger-driver.ts';
import {
  budget,
  costOf,
  decimal,
  draw,
  hold,
  holdEntry,
  reserveRequest,
  settledEntry,
  spend,
} from './samples.ts';

export function testReserve({ ledger, clock }: Bench): void {
  describe('reserve', () => {
    it('holds and says how the limit stands right after', async () => {
      const held = await ledger().reserve(reserveRequest('a', [draw(budget(), '0.30')]));
      expect(held).toEqual({
        result: 'held',
        at: '2026-08-15T12:00:00.000Z',
        expiresAt: '2026-08-15T12:01:00.000Z',
        exceeded: [],
        thresholds: [],
        states: [
          {
            limitId: 'monthly',
            bucket: '',
            unit: 'money',
            currency: 'USD',
            mode: 'enforced',
            amount: '1',
            settled: '0',
            held: '0.3',
            available: '0.7',
            windowStart: '2026-08-01T00:00:00.000Z',
            resetsAt: '2026-09-01T00:00:00.000Z',
          },
        ],
      });
    });

    it('admits a call that takes exactly what is left', async () => {
      await hold(ledger(), reserveRequest('a', [draw(budget(), '0.999999999999')]));
      await hold(ledger(), reserveRequest('b', [draw(budget(), '0.000000000001')]));
      expect(await ledger().reserve(reserveRequest('c', [draw(budget(), '0.000000000001')]))).toMatchObject({
        result: 'refused',
        shortfall: { needed: '0.000000000001', state: { available: '0' } },
      });
    });

    it('rounds what is finer than a sub-unit up', async () => {
      const { states } = await hold(ledger(), reserveRequest('a', [draw(budget(), '0.0000000000001')]));
      expect(states[0]?.held).toBe('0.000000000001');
    });

    it('holds every limit or none, and names the one that did not fit', async () => {
      const [team, company] = [
        budget({ id: 'team', amount: '5' }),
        budget({ id: 'company', amount: '0.10' }),
      ];
      const refused = await ledger().reserve(
        reserveRequest('a', [draw(team, '0.20'), draw(company, '0.20')]),
      );
      expect(refused).toMatchObject({
        result: 'refused',
        shortfall: { state: { limitId: 'company', available: '0.1' }, needed: '0.2' },
        states: [
          { limitId: 'team', held: '0' },
          { limitId: 'company', held: '0' },
        ],
      });
    });

    it('names the limit that binds longest when several do not fit', async () => {
      const daily = budget({ id: 'daily', amount: '0.10', window: { kind: 'calendar', period: 'day' } });
      const monthly = budget({ id: 'monthly', amount: '0.10' });
      const refused = await ledger().reserve(reserveRequest('a', [draw(daily, '0.1'), draw(monthly, '0.1')]));
      expect(refused.result).toBe('held');
      expect(
        await ledger().reserve(reserveRequest('b', [draw(daily, '0.1'), draw(monthly, '0.1')])),
      ).toMatchObject({ shortfall: { state: { limitId: 'monthly' }, retryAfterMs: 16.5 * 86_400_000 } });
    });

    it('says that waiting does not help when no window is large enough', async () => {
      const refused = await ledger().reserve(reserveRequest('a', [draw(budget(), '1.01')]));
      expect(refused).toMatchObject({ result: 'refused' });
      expect(refused).not.toHaveProperty('shortfall.retryAfterMs');
    });

    it('keeps a counter for each bucket', async () => {
      await hold(ledger(), reserveRequest('a', [draw(budget(), '1', { bucket: 'customerId=acme' })]));
      const other = await hold(
        ledger(),
        reserveRequest('b', [draw(budget(), '1', { bucket: 'customerId=bolt' })]),
      );
      expect(other.states[0]).toMatchObject({ bucket: 'customerId=bolt', held: '1' });
      expect(
        await ledger().reserve(reserveRequest('c', [draw(budget(), '0.1', { bucket: 'customerId=acme' })])),
      ).toMatchObject({ result: 'refused', shortfall: { state: { bucket: 'customerId=acme' } } });
    });

    it('answers a repeat the same way and holds nothing more', async () => {
      const request = reserveRequest('a', [draw(budget(), '0.60')]);
      const first = await ledger().reserve(request);
      clock().advance(1000);
      expect(await ledger().reserve(request)).toEqual(first);
      expect(await ledger().states([{ limit: budget(), bucket: '' }])).toMatchObject([{ held: '0.6' }]);
    });

    it.each([
      ['another amount', { draws: [draw(budget(), '0.2')] }],
      ['another bucket', { draws: [draw(budget(), '0.1', { bucket: 'team=b' })] }],
      ['another expiry', { expiresInMs: 5 }],
      ['another entry', { entry: holdEntry('a', { requestModel: 'other' }) }],
    ])('refuses the same id with %s as a conflict', async (_, changes) => {
      await hold(ledger(), reserveRequest('a', [draw(budget(), '0.1')]));
      const repeated = await ledger().reserve(reserveRequest('a', [draw(budget(), '0.1')], changes));
      expect(repeated).toMatchObject({ result: 'conflict', message: expect.stringContaining('"a"') });
      expect(await ledger().states([{ limit: budget(), bucket: '' }])).toMatchObject([{ held: '0.1' }]);
    });

    it('refuses the id of an attempt that has ended, and says how it ended', async () => {
      await spend(ledger(), 'a', budget(), '0.1');
      expect(await ledger().reserve(reserveRequest('a', [draw(budget(), '0.1')]))).toMatchObject({
        result: 'conflict',
        endedAs: 'settled',
      });
    });

    it('judges a refused call anew when it is sent again', async () => {
      await hold(ledger(), reserveRequest('a', [draw(budget(), '1')]));
      const request = reserveRequest('b', [draw(budget(), '0.5')]);
      expect(await ledger().reserve(request)).toMatchObject({ result: 'refused' });
      await ledger().release({ id: 'a', entry: settledEntry('a', costOf('0')) });
      expect(await ledger().reserve(request)).toMatchObject({ result: 'held' });
    });

    it('counts on advisory and shadow limits without refusing, and names them', async () => {
      const limits = (['advisory', 'shadow'] as const).map((mode) =>
        budget({ id: mode, mode, amount: '0.1' }),
      );
      const held = await hold(
        ledger(),
        reserveRequest(
          'a',
          limits.map((limit) => draw(limit, '0.3')),
        ),
      );
      expect(held.exceeded).toMatchObject([
        { state: { limitId: 'advisory', mode: 'advisory' }, needed: '0.3' },
        { state: { limitId: 'shadow', mode: 'shadow' }, needed: '0.3' },
      ]);
      expect(held.states).toMatchObject([{ available: '-0.2' }, { available: '-0.2' }]);
    });

    it('lets an elastic limit go into its overdraft, no further, and says so', async () => {
      const elastic = budget({ onExceeded: 'elastic', overdraft: '0.50' });
      await hold(ledger(), reserveRequest('a', [draw(elastic, '0.9')]));
      const over = await hold(ledger(), reserveRequest('b', [draw(elastic, '0.6')]));
      expect(over.exceeded).toMatchObject([{ state: { limitId: 'monthly' } }]);
      expect(over.states).toMatchObject([{ amount: '1', available: '-0.5' }]);
      expect(await ledger().reserve(reserveRequest('c', [draw(elastic, '0.01')]))).toMatchObject({
        result: 'refused',
      });
    });

    it('checks a limit on single calls against the call alone', async () => {
      const perCall = budget({ id: 'per-call', amount: '0.50', window: { kind: 'request' } });
      const first = await hold(ledger(), reserveRequest('a', [draw(perCall, '0.5')]));
      expect(first.states).toMatchObject([{ settled: '0', held: '0.5', available: '0' }]);
      await hold(ledger(), reserveRequest('b', [draw(perCall, '0.5')]));
      const refused = await ledger().reserve(reserveRequest('c', [draw(perCall, '0.51')]));
      expect(refused).toMatchObject({
        result: 'refused',
        shortfall: { state: { limitId: 'per-call' }, needed: '0.51' },
      });
      expect(refused).not.toHaveProperty('shortfall.retryAfterMs');
    });

    it('sees another amount of the same limit at once, and keeps what was counted', async () => {
      await spend(ledger(), 'a', budget(), '0.9');
      expect(await ledger().reserve(reserveRequest('b', [draw(budget(), '0.3')]))).toMatchObject({
        result: 'refused',
      });
      const raised = await hold(ledger(), reserveRequest('c', [draw(budget({ amount: '2' }), '0.3')]));
      expect(raised.states).toMatchObject([{ amount: '2', settled: '0.9', held: '0.3' }]);
      expect(
        await ledger().reserve(reserveRequest('d', [draw(budget({ amount: '0.5' }), '0.01')])),
      ).toMatchObject({
        result: 'refused',
        shortfall: { state: { available: '-0.7' } },
      });
    });

    it('grants the most output steps that fit when a limit clamps', async () => {
      const clamping = budget({ onExceeded: 'clamp', amount: '0.10' });
      const other = budget({ id: 'other', amount: '10' });
      const request = reserveRequest(
        'a',
        [
          draw(clamping, '0.30', { minimum: decimal('0.02') }),
          draw(other, '0.30', { minimum: decimal('0.02') }),
        ],
        { clampSteps: 1000 },
      );
      const held = await hold(ledger(), request);
      // (0.10 − 0.02) ÷ (0.30 − 0.02) of 1000 steps, rounded down; what they cost, rounded up.
      expect(held.granted).toBe(285);
      expect(held.states).toMatchObject([{ held: '0.0998' }, { held: '0.0998' }]);
      expect(await ledger().reserve(request)).toMatchObject({ result: 'held', granted: 285 });
    });

    it('refuses a clamped call that does not fit at its smallest', async () => {
      const clamping = budget({ onExceeded: 'clamp', amount: '0.01' });
      const request = reserveRequest('a', [draw(clamping, '0.30', { minimum: decimal('0.02') })], {
        clampSteps: 100,
      });
      expect(await ledger().reserve(request)).toMatchObject({
        result: 'refused',
        shortfall: { needed: '0.02' },
      });
    });

    it('grants everything when everything fits', async () => {
      const clamping = budget({ onExceeded: 'clamp' });
      const request = reserveRequest('a', [draw(clamping, '0.30', { minimum: decimal('0.02') })], {
        clampSteps: 100,
      });
      expect(await hold(ledger(), request)).toMatchObject({ granted: 100, states: [{ held: '0.3' }] });
    });

    it('holds a call without limits, so that its end can be recorded', async () => {
      expect(await ledger().reserve(reserveRequest('a', []))).toMatchObject({ result: 'held', states: [] });
      expect(
        await ledger().settle({ id: 'a', amounts: [], entry: settledEntry('a', costOf('0.1')) }),
      ).toMatchObject({ result: 'recorded' });
    });

    it.each([
      ['a negative amount', { draws: [draw(budget(), '-0.1')] }, MoneyError],
      [
        'a minimum above the amount',
        { draws: [draw(budget(), '0.1', { minimum: decimal('0.2') })] },
        ConfigurationError,
      ],
      [
        'the same counter twice',
        { draws: [draw(budget(), '0.1'), draw(budget(), '0.1')] },
        ConfigurationError,
      ],
      ['no time to live', { expiresInMs: 0 }, ConfigurationError],
      ['a time to live that is no number', { expiresInMs: Number.NaN }, ConfigurationError],
      ['no id', { id: '' }, ConfigurationError],
      ['an id over two lines', { id: 'a\nb' }, ConfigurationError],
      ['half a step', { clampSteps: 0.5 }, ConfigurationError],
    ])('rejects %s', async (_, changes, error) => {
      const request = { ...reserveRequest('a', [draw(budget(), '0.1')]), ...changes };
      await expect(ledger().reserve(request)).rejects.toThrow(error);
      expect(await ledger().states([{ limit: budget(), bucket: '' }])).toMatchObject([{ held: '0' }]);
    });
  });
}
