import { join } from 'node:path';
import { type DurableLedger, exportEntries } from '@genops/ledger';
import { backupSqliteLedger, openSqliteLedger } from '@genops/ledger/sqlite';
import { startPostgres } from '@genops/ledger/testing/servers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  budget,
  draw,
  hold,
  refusedEntry,
  reserveRequest,
  spend,
  startOfTest,
  type TestClock,
  testClock,
} from '../src/testing/samples.ts';
import { onServer } from '../src/testing/servers/on-server.ts';
import { type OpenStore, openPostgresStore, openSqliteStore } from './open-stores.ts';
import { sqliteStore } from './stores.ts';

const dayMs = 86_400_000;
const lifetime = budget({ id: 'lifetime', amount: '100', window: { kind: 'lifetime' } });

function testMaintenance(name: string, createStore: () => Promise<OpenStore>): void {
  describe(`keeping a ledger on ${name}`, () => {
    let store: OpenStore;
    let clock: TestClock;
    let ledger: DurableLedger;

    beforeEach(async () => {
      clock = testClock(startOfTest);
      store = await createStore();
      ledger = await store.open(clock.now);
    });

    afterEach(async () => {
      await ledger.close();
      await store.remove();
    });

    /** One call a day. */
    async function days(count: number): Promise<void> {
      for (let day = 0; day < count; day += 1) {
        await spend(ledger, `day-${day}`, lifetime, '0.1');
        clock.advance(dayMs);
      }
    }

    const dayOf = (day: number): string => new Date(Date.parse(startOfTest) + day * dayMs).toISOString();
    const idsLeft = async () => (await ledger.entries()).entries.map(({ id }) => id);

    it('takes old entries out, and leaves sums, limits and the chain as they are', async () => {
      await days(6);
      const sums = await ledger.sum({ by: ['team'] });
      expect(await ledger.retire({ before: dayOf(4) })).toEqual({ retired: 4, kept: 0 });
      expect(await idsLeft()).toEqual(['day-4', 'day-5']);
      expect(await ledger.sum({ by: ['team'] })).toEqual(sums);
      expect(await ledger.states([{ limit: lifetime, bucket: '' }])).toMatchObject([{ settled: '0.6' }]);
      expect(await ledger.verify()).toMatchObject({ result: 'intact', entries: 2, findings: [] });
      await spend(ledger, 'later', lifetime, '0.1');
      expect(await ledger.retire({ before: dayOf(5) })).toEqual({ retired: 1, kept: 0 });
      expect(await ledger.verify()).toMatchObject({ result: 'intact', entries: 2, findings: [] });
    });

    it('goes on after everything was taken out', async () => {
      await days(3);
      expect(await ledger.retire({ before: dayOf(3) })).toEqual({ retired: 3, kept: 0 });
      await ledger.close();
      ledger = await store.open(clock.now);
      await spend(ledger, 'later', lifetime, '0.1');
      expect(await idsLeft()).toEqual(['later']);
      expect(await ledger.verify()).toMatchObject({ result: 'intact', entries: 1, findings: [] });
      expect(await ledger.states([{ limit: lifetime, bucket: '' }])).toMatchObject([{ settled: '0.4' }]);
    });

    it('leaves what is under legal hold', async () => {
      await days(2);
      await ledger.record(refusedEntry('evidence', { attribution: { customerId: 'acme' }, at: dayOf(2) }));
      clock.advance(dayMs);
      const legalHold = { match: { customerId: ['acme'] } };
      expect(await ledger.retire({ before: dayOf(9), legalHold })).toMatchObject({ retired: 2, kept: 1 });
      expect(await idsLeft()).toContain('evidence');
      expect(await ledger.verify()).toMatchObject({ result: 'intact' });
    });

    it('still shows when one of the remaining entries is missing', async () => {
      await days(5);
      await ledger.retire({ before: dayOf(2) });
      await ledger.close();
      await store.tamper('INSERT INTO retired SELECT 4, 4, last_hash FROM retired');
      await store.tamper("DELETE FROM entries WHERE id = 'day-3'");
      ledger = await store.open(clock.now);
      expect(await ledger.verify()).toMatchObject({ result: 'damaged' });
    });

    it('counts counters and sums again when they were lost', async () => {
      await days(4);
      await hold(ledger, reserveRequest('held', [draw(lifetime, '0.5')], { expiresInMs: dayMs }));
      const states = await ledger.states([{ limit: lifetime, bucket: '' }]);
      await ledger.close();
      await store.tamper('DELETE FROM counters; DELETE FROM rollups');
      expect(await store.rebuild()).toEqual({ corrected: 1 });
      ledger = await store.open(clock.now);
      expect(await ledger.states([{ limit: lifetime, bucket: '' }])).toEqual(states);
      expect((await ledger.sum({ by: [] }))[0]?.cost.amount.toFixed()).toBe('0.4');
      expect(await ledger.verify()).toMatchObject({ result: 'intact' });
      await ledger.close();
      expect(await store.rebuild()).toEqual({ corrected: 0 });
      ledger = await store.open(clock.now);
    });

    it('exports entries as lines of JSON', async () => {
      await days(3);
      const lines: unknown[] = [];
      for await (const line of exportEntries(ledger, { from: dayOf(1) })) lines.push(JSON.parse(line));
      expect(lines).toMatchObject([
        { id: 'day-1', cost: { total: { amount: '0.1', currency: 'USD' } } },
        { id: 'day-2' },
      ]);
    });
  });
}

const postgres = await startPostgres();

testMaintenance('SQLite', openSqliteStore);
onServer('Postgres', postgres, ({ url }) => testMaintenance('Postgres', openPostgresStore(url)));

describe('backupSqliteLedger', () => {
  it('copies a ledger that is being written to', async () => {
    const { path, remove } = sqliteStore();
    const ledger = await openSqliteLedger({ path });
    await spend(ledger, 'a', budget(), '0.1');
    await hold(ledger, reserveRequest('b', [draw(budget(), '0.2')]));
    const to = join(path, '..', 'backup.db');
    await backupSqliteLedger({ path, to });
    await spend(ledger, 'c', budget(), '0.3');
    await expect(backupSqliteLedger({ path, to })).rejects.toMatchObject({ code: 'invalid_configuration' });
    const copy = await openSqliteLedger({ path: to });
    expect(await copy.states([{ limit: budget(), bucket: '' }])).toMatchObject([
      { settled: '0.1', held: '0.2' },
    ]);
    expect(await copy.verify()).toMatchObject({ result: 'intact', entries: 1 });
    await copy.close();
    await ledger.close();
    await remove();
  });
});
