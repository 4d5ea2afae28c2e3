import { rollupGrains } from '../stored/dimensions.ts';
import { entryDrawsFromJson, holdFromRecord } from '../stored/records.ts';
import { subunitsToText } from '../subunits.ts';
import { createCounterCheck, isOfRate } from '../verify-counters.ts';
import type { PostgresPool } from './client.ts';
import { inTransaction } from './connection.ts';
import { eachEntry, readCounters, readDefinitions, readHolds, readRetiredCounters } from './reader.ts';
import { rollUp } from './store.ts';

/**
 * Counts every counter and every sum again from the entries and the holds, for when `verify` finds that they
 * differ. Entries are left as they are; calls wait meanwhile. Rates begin where they were.
 *
 * @returns how many counters were different
 */
export async function rebuildPostgresLedger(options: {
  readonly pool: PostgresPool;
  /** @default 'genops_ledger' */
  readonly schema?: string;
}): Promise<{ readonly corrected: number }> {
  const { pool, schema = 'genops_ledger' } = options;
  // Another version: whatever a replica remembers is read again.
  const begin = `BEGIN; UPDATE ${schema}.head SET version = version + 1`;
  const { corrected, seq } = await inTransaction(pool, begin, async (client) => {
    const definitions = await readDefinitions(client, schema);
    const counters = createCounterCheck();
    for await (const { draws } of eachEntry(client, schema)) {
      counters.addEntry(entryDrawsFromJson(draws, definitions.limitOf));
    }
    for (const record of await readHolds(client, schema)) {
      counters.addHold(holdFromRecord(record, definitions).draws);
    }
    for (const { account, start, settled } of await readRetiredCounters(client, schema)) {
      counters.addRetired(account, start, settled);
    }
    const expected = counters.expected();
    const stored = await readCounters(client, schema);
    const told = new Map(stored.map((row) => [`${row.account}@${row.start}`, row.told]));
    const different = counters.compare(stored).length;
    const counted = stored.filter(({ account }) => !isOfRate(account));
    await client.query(
      `DELETE FROM ${schema}.counters USING unnest($1::text[], $2::bigint[]) AS old (account, start)
       WHERE counters.account = old.account AND counters.start = old.start`,
      [counted.map(({ account }) => account), counted.map(({ start }) => start)],
    );
    await client.query(
      `INSERT INTO ${schema}.counters (account, start, settled, held, told)
       SELECT * FROM unnest($1::text[], $2::bigint[], $3::numeric[], $4::numeric[], $5::integer[])`,
      [
        expected.map(({ account }) => account),
        expected.map(({ start }) => start),
        expected.map(({ settled }) => subunitsToText(settled)),
        expected.map(({ held }) => subunitsToText(held)),
        expected.map(({ account, start }) => told.get(`${account}@${start}`) ?? 0),
      ],
    );
    // Where entries were taken out, their sums are all that is left of them, and stay.
    const { rows } = await client.query(`SELECT 1 FROM ${schema}.retired LIMIT 1`);
    if (rows.length === 0)
      await client.query(`DELETE FROM ${schema}.rollups; UPDATE ${schema}.rolled_up SET until_seq = 0`);
    const { rows: head } = await client.query(`SELECT seq FROM ${schema}.head`);
    return { corrected: different, seq: Number(head[0]?.['seq']) };
  });
  await rollUp(pool, schema, seq, Object.values(rollupGrains));
  return { corrected };
}
