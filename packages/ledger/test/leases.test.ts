import type { Limit } from '@genops/core';
import type { DurableLedger } from '@genops/ledger';
import { openPostgresLedger } from '@genops/ledger/postgres';
import { startPostgres } from '@genops/ledger/testing/servers';
import { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  budget,
  costOf,
  decimal,
  draw,
  hold,
  reserveRequest,
  settledEntry,
  spend,
  startOfTest,
  type TestClock,
  testClock,
} from '../src/testing/samples.ts';
import { onServer } from '../src/testing/servers/on-server.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { postgresStore } from './stores.ts';

const unavailable = { code: 'ledger_unavailable' };
const usableMs = 60_000;

onServer('Postgres', await startPostgres(), ({ url }) => {
  describe('headroom that a replica holds in advance', () => {
    let store: ReturnType<typeof postgresStore>;
    let clock: TestClock;
    let opened: DurableLedger[];
    let number: number;

    beforeEach(() => {
      store = postgresStore(url);
      clock = testClock(startOfTest);
      opened = [];
      number = 0;
    });

    afterEach(async () => {
      for (const ledger of opened) await ledger.close();
      await store.remove();
    });

    async function open(leases: { usableMs?: number; share?: number } | undefined, pool = store.pool) {
      const ledger = await openPostgresLedger({
        pool,
        schema: store.schema,
        now: clock.now,
        ...(leases !== undefined && { leases }),
      });
      opened.push(ledger);
      return ledger;
    }

    const leased = async (): Promise<{ id: string; held: string }[]> => {
      const { rows } = await store.pool.query(
        `SELECT id, draws FROM ${store.schema}.holds WHERE id LIKE 'lease:%' ORDER BY id`,
      );
      return rows.map(({ id, draws }) => ({ id, held: JSON.parse(draws)[0][4] }));
    };

    /** Draws on a limit until the replica holds some of it in advance. @returns what was spent, in thousandths */
    async function makeBusy(ledger: DurableLedger, limit: Limit): Promise<number> {
      const before = (await leased()).map(({ id }) => id);
      for (let calls = 1; calls <= 300; calls += 1) {
        number += 1;
        await spend(ledger, `busy-${number}`, limit, '0.001');
        // Whatever was asked of the store before is done when this is answered.
        await ledger.states([]);
        if ((await leased()).some(({ id }) => !before.includes(id))) return calls;
      }
      throw new Error('The replica holds nothing in advance');
    }

    /** Thousandths as text. */
    const milli = (thousandths: number): string => (thousandths / 1000).toFixed(3).replace(/0+$/, '');

    /** Nobody gets an answer of the store while this runs. */
    async function whileStoreIsLocked(action: () => Promise<void>): Promise<void> {
      const other = await store.pool.connect();
      await other.query(`BEGIN; LOCK TABLE ${store.schema}.head`);
      try {
        await action();
      } finally {
        await other.query('ROLLBACK');
        other.release();
      }
    }

    const team = budget({ amount: '1' });
    const stateOf = async (ledger: DurableLedger, limit = team) =>
      (await ledger.states([{ limit, bucket: '' }]))[0];
    const settle = (ledger: DurableLedger, id: string, amount: string) =>
      ledger.settle({ id, amounts: [decimal(amount)], entry: settledEntry(id, costOf(amount)) });

    it('admits calls without asking the store, and their holds and ends follow', async () => {
      const ledger = await open({ usableMs });
      const spent = await makeBusy(ledger, team);
      const ends: Promise<unknown>[] = [];
      await whileStoreIsLocked(async () => {
        for (const id of ['a', 'b', 'c']) {
          expect(await ledger.reserve(reserveRequest(id, [draw(team, '0.001')]))).toMatchObject({
            result: 'held',
            at: startOfTest,
            states: [{ limitId: 'monthly', amount: '1' }],
          });
        }
        ends.push(settle(ledger, 'a', '0.0005'));
      });
      expect(await Promise.all(ends)).toMatchObject([{ result: 'recorded', entry: { id: 'a' } }]);
      const other = await open(undefined);
      expect(await settle(other, 'b', '0.001')).toMatchObject({ result: 'recorded', entry: { id: 'b' } });
      await ledger.close();
      expect(await leased()).toEqual([]);
      expect(await stateOf(other)).toMatchObject({ settled: `${milli(spent + 1)}5`, held: '0.001' });
      expect(await other.verify()).toMatchObject({ result: 'intact', entries: spent + 2 });
    });

    it('is held in the store by all that look at it', async () => {
      const ledger = await open({ usableMs });
      const other = await open(undefined);
      const spent = await makeBusy(ledger, team);
      // As much as was asked for lately.
      expect(await stateOf(other)).toMatchObject({ settled: milli(spent), held: milli(spent) });
      expect(await leased()).toMatchObject([{ held: String(spent * 1_000_000_000) }]);
      const others = 1000 - 2 * spent;
      expect(await other.reserve(reserveRequest('a', [draw(team, milli(others + 1))]))).toMatchObject({
        result: 'refused',
      });
      await hold(other, reserveRequest('b', [draw(team, milli(others))]));
    });

    it('is never what is missing when its own replica needs it', async () => {
      const ledger = await open({ usableMs });
      const spent = await makeBusy(ledger, team);
      expect(await leased()).toHaveLength(1);
      await hold(ledger, reserveRequest('all', [draw(team, milli(1000 - spent))]));
      expect(await stateOf(ledger)).toMatchObject({ available: '0' });
      expect(await leased()).toEqual([]);
    });

    it('goes back when it is not used, so that others can have all of it', async () => {
      const ledger = await open({ usableMs: 500 });
      const other = await open(undefined);
      const spent = await makeBusy(ledger, team);
      await expect.poll(leased, { timeout: 5000 }).toEqual([]);
      await hold(other, reserveRequest('all', [draw(team, milli(1000 - spent))]));
    });

    it('is free again once a replica that died would have given it back, and what it did is recorded late', async () => {
      const { hostname, port } = new URL(url);
      const proxy = await startFaultProxy({ host: hostname, port: Number(port) });
      const wired = new URL(url);
      wired.port = String(proxy.port);
      const pool = new Pool({ connectionString: wired.href, max: 3 });
      pool.on('error', () => {});
      const ledger = await open({ usableMs }, pool);
      const other = await open(undefined);
      const spent = await makeBusy(ledger, team);
      const rest = milli(1000 - spent);
      proxy.clog(true);
      // Admitted on the lease; the store never hears of it in time.
      await hold(ledger, reserveRequest('a', [draw(team, '0.001')], { expiresInMs: 60_000 }));
      expect(await other.reserve(reserveRequest('all', [draw(team, rest)]))).toMatchObject({
        result: 'refused',
      });
      clock.advance(usableMs + 60_000);
      expect(await other.expire()).toEqual({ expired: 1 });
      expect((await other.entries({ filter: { kind: ['expired'] } })).entries).toMatchObject([
        { requestModel: 'leased-headroom', outcome: 'unknown', cost: { result: 'unpriced' } },
      ]);
      await hold(other, reserveRequest('all', [draw(team, rest)]));
      proxy.clog(false);
      await expect
        .poll(() => settle(ledger, 'a', '0.001').catch(() => undefined), { timeout: 10_000 })
        .toMatchObject({ result: 'recorded', entry: { id: 'a:late', flags: ['late_settlement'] } });
      expect(await other.verify()).toMatchObject({ result: 'intact' });
      await ledger.close();
      await pool.end();
      await proxy.close();
    });

    it('follows a limit that is lowered at once, where the lower one is known', async () => {
      const ledger = await open({ usableMs });
      const spent = await makeBusy(ledger, team);
      const lowered = budget({ amount: milli(spent + 2) });
      expect(await ledger.reserve(reserveRequest('a', [draw(lowered, '0.003')]))).toMatchObject({
        result: 'refused',
        shortfall: { state: { amount: milli(spent + 2), settled: milli(spent), held: '0' } },
      });
      await hold(ledger, reserveRequest('b', [draw(lowered, '0.002')]));
    });

    it('covers no call of the next window, nor one after an increase has ended', async () => {
      const increased = budget({
        window: { kind: 'calendar', period: 'day' },
        increases: [{ amount: '1', from: '2026-08-15T00:00:00.000Z', until: '2026-08-15T18:00:00.000Z' }],
      });
      const ledger = await open({ usableMs });
      await makeBusy(ledger, increased);
      const refusedWhileLocked = async (id: string) => {
        await whileStoreIsLocked(async () => {
          await expect(ledger.reserve(reserveRequest(id, [draw(increased, '0.001')]))).rejects.toMatchObject(
            unavailable,
          );
        });
      };
      clock.set('2026-08-15T18:00:00.000Z');
      await refusedWhileLocked('a');
      await makeBusy(ledger, increased);
      clock.set('2026-08-16T00:00:00.000Z');
      await refusedWhileLocked('b');
      await hold(ledger, reserveRequest('c', [draw(increased, '1')]));
    });

    it('counts in full what came out above the hold', async () => {
      const ledger = await open({ usableMs });
      const spent = await makeBusy(ledger, team);
      await hold(ledger, reserveRequest('a', [draw(team, '0.001')]));
      expect(await settle(ledger, 'a', '0.5')).toMatchObject({
        result: 'recorded',
        entry: { flags: ['over_hold'] },
        states: [{ settled: milli(500 + spent) }],
      });
    });

    it('answers a repeat the same way, and other content as a conflict', async () => {
      const ledger = await open({ usableMs });
      await makeBusy(ledger, team);
      const request = reserveRequest('a', [draw(team, '0.001')]);
      const first = await hold(ledger, request);
      expect(await ledger.reserve(request)).toEqual(first);
      expect(await ledger.reserve({ ...request, expiresInMs: 5 })).toMatchObject({ result: 'conflict' });
      await ledger.states([]);
      expect(await ledger.reserve(request)).toMatchObject({ result: 'held', at: first.at });
      expect(await ledger.reserve({ ...request, expiresInMs: 5 })).toMatchObject({ result: 'conflict' });
      await settle(ledger, 'a', '0.001');
      expect(await ledger.reserve(request)).toMatchObject({ result: 'conflict', endedAs: 'settled' });
    });

    it('leaves limits alone that warn, forget by the minute, count places, or bend', async () => {
      const ledger = await open({ usableMs });
      const limits = [
        budget({ id: 'warns', mode: 'advisory' }),
        budget({ id: 'shadow', mode: 'shadow' }),
        budget({ id: 'rolls', window: { kind: 'rolling', seconds: 600 } }),
        budget({ id: 'drains', window: { kind: 'rate', seconds: 60 } }),
        budget({ id: 'bends', onExceeded: 'elastic', overdraft: '1' }),
        budget({ id: 'clamps', onExceeded: 'clamp' }),
      ];
      for (let call = 0; call < 20; call += 1) {
        for (const limit of limits) await spend(ledger, `${limit.id}-${call}`, limit, '0.001');
      }
      expect(await leased()).toEqual([]);
    });

    it('never lets more through than there is, over replicas that all hold some', {
      timeout: 60_000,
    }, async () => {
      const replicas = await Promise.all([1, 2, 3].map(() => open({ usableMs: 50, share: 0.5 })));
      const amount = budget({ amount: '3' });
      let admittedHere = 0;
      let most = decimal('0');
      const callers = Array.from({ length: 48 }, async (_, caller) => {
        const ledger = replicas[caller % replicas.length] as DurableLedger;
        for (let call = 0; call < 40; call += 1) {
          const id = `${caller}.${call}`;
          const reply = await ledger.reserve(reserveRequest(id, [draw(amount, '0.003')]));
          if (reply.result !== 'held') continue;
          admittedHere += 1;
          const [{ settled = '0', held = '0' } = {}] = reply.states;
          const used = decimal(settled).plus(decimal(held));
          if (used.gt(most)) most = used;
          if (call % 7 === 0) await ledger.release({ id, entry: settledEntry(id, costOf('0')) });
          else await settle(ledger, id, '0.002');
        }
      });
      await Promise.all(callers);
      expect(most.lte('3')).toBe(true);
      expect(admittedHere).toBeGreaterThan(1000);
      for (const replica of replicas) await replica.close();
      const looker = await open(undefined);
      const state = await stateOf(looker, amount);
      expect(state).toMatchObject({ held: '0' });
      expect(decimal(state?.settled ?? '').lte('3')).toBe(true);
      expect(await looker.verify()).toMatchObject({ result: 'intact', findings: [] });
    });

    it.each([{ usableMs: 0 }, { usableMs: Number.NaN }, { share: 0 }, { share: 0.9 }])(
      'refuses options that cannot be meant: %o',
      async (leases) => {
        await expect(open(leases)).rejects.toMatchObject({ code: 'invalid_configuration' });
      },
    );
  });
});
