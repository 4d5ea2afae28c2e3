import type { DurableLedger } from '@genops/ledger';
import { startPostgres } from '@genops/ledger/testing/servers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { budget, draw, hold, refusedEntry, reserveRequest, spend } from '../src/testing/samples.ts';
import { onServer } from '../src/testing/servers/on-server.ts';
import { type OpenStore, openPostgresStore, openSqliteStore } from './open-stores.ts';

const now = () => new Date('2026-08-15T12:00:00.000Z');

/** What somebody with a database tool would do, in the words of each store. */
interface Dialect {
  /** Lets entries be changed at all. */
  readonly disarm: string;
  readonly counterLowered: string;
}

function testTampering(name: string, createStore: () => Promise<OpenStore>, dialect: Dialect): void {
  describe(`a ledger on ${name} that was tampered with`, () => {
    let store: OpenStore;
    let ledger: DurableLedger;
    /** Where the chain ended after the second entry. */
    let anchor: string | undefined;

    beforeEach(async () => {
      store = await createStore();
      ledger = await store.open(now);
      await spend(ledger, 'a', budget(), '0.1');
      await spend(ledger, 'b', budget(), '0.2');
      ({ anchor } = await ledger.verify());
      await ledger.record(refusedEntry('c'));
      await ledger.record(refusedEntry('d'));
      await hold(ledger, reserveRequest('e', [draw(budget(), '0.3')]));
      await ledger.close();
    });

    afterEach(() => store.remove());

    /** What is found without an anchor, and with one that was taken after the second entry. */
    async function findings(...statements: string[]): Promise<[string[], string[]]> {
      await store.tamper([dialect.disarm, ...statements].join('; '));
      ledger = await store.open(now);
      const [plain, anchored] = [await ledger.verify(), await ledger.verify({ anchor: anchor ?? '' })];
      await ledger.close();
      return [[...plain.findings], [...anchored.findings]];
    }

    it.each([
      [
        'an entry that was changed',
        `UPDATE entries SET body = replace(body, '"0.1"', '"0.01"') WHERE id = 'a'`,
        'Entry 1 ("a") is not what was written',
      ],
      [
        'what an entry counted',
        `UPDATE entries SET draws = '[]' WHERE id = 'b'`,
        'Entry 2 ("b") is not what was written',
      ],
      ['an entry that was taken out', `DELETE FROM entries WHERE id = 'b'`, 'Entry 2 is missing'],
      ['the first entries taken out', 'DELETE FROM entries WHERE seq <= 2', 'Entry 1 is missing'],
      [
        'entries that changed places',
        'UPDATE entries SET seq = -seq WHERE seq <= 2; UPDATE entries SET seq = 3 + seq WHERE seq < 0',
        'Entry 1 ("b") is not what was written, or not where it was written',
      ],
      [
        'an end that was cut off, though it counted nothing',
        `DELETE FROM entries WHERE id = 'd'`,
        'The chain ends at entry 3, not at 4',
      ],
      [
        'an entry whose session was changed',
        `UPDATE entries SET session_id = 'other' WHERE id = 'a'`,
        'Columns of entry 1 ("a") differ',
      ],
      [
        'entries that were given to another team',
        `UPDATE groups SET team = 'other' WHERE kind = 'settled'`,
        'Columns of entry 1 ("a") differ',
      ],
      ['a counter that was lowered', dialect.counterLowered, 'settled; entries and holds say 0.3'],
    ])('shows %s, and where it is broken first', async (_, statement, first) => {
      expect((await findings(statement))[0][0]).toContain(first);
    });

    it('shows an end that was cut off together with the note of it, to whoever kept an anchor', async () => {
      const cutOff = [
        'DELETE FROM entries WHERE seq >= 2',
        'UPDATE head SET seq = 1, hash = (SELECT hash FROM entries WHERE seq = 1)',
        'DELETE FROM counters',
      ];
      const [plain, anchored] = await findings(...cutOff);
      expect(plain.filter((finding) => finding.includes('ntry'))).toEqual([]);
      expect(anchored).toContain('Entry 2 of the anchor is not there');
    });

    it('shows a chain that was computed anew, to whoever kept an anchor', async () => {
      const [plain] = await findings(`UPDATE entries SET body = body WHERE id = 'a'`);
      expect(plain).toEqual([]);
      ledger = await store.open(now);
      const other = `2:${'0'.repeat(64)}`;
      expect((await ledger.verify({ anchor: other })).findings).toEqual([
        'Entry 2 of the anchor is not what it was',
      ]);
      await expect(ledger.verify({ anchor: 'yesterday' })).rejects.toMatchObject({
        code: 'invalid_configuration',
      });
      await ledger.close();
    });

    it('is intact before that, also by an anchor of long ago or of nothing', async () => {
      ledger = await store.open(now);
      for (const old of [anchor, '0:']) {
        expect(await ledger.verify({ anchor: old ?? '' })).toMatchObject({ result: 'intact', entries: 4 });
      }
      expect((await ledger.verify()).anchor).toMatch(/^4:[0-9a-f]{64}$/);
      await ledger.close();
    });
  });
}

testTampering('SQLite', openSqliteStore, {
  disarm: 'DROP TRIGGER entries_are_never_changed; DROP TRIGGER entries_are_never_deleted',
  counterLowered: 'UPDATE counters SET settled_fraction = 1',
});
onServer('Postgres', await startPostgres(), ({ url }) =>
  testTampering('Postgres', openPostgresStore(url), {
    disarm: 'ALTER TABLE entries DISABLE TRIGGER ALL',
    counterLowered: 'UPDATE counters SET settled = 0.1',
  }),
);
