import type { EntryFilter, RetireResult } from '../ledger.ts';
import { rollupGrains } from '../stored/dimensions.ts';
import { planRetirement } from '../stored/retirement.ts';
import { subunitsToText } from '../subunits.ts';
import type { PostgresClient, PostgresPool } from './client.ts';
import { inTransaction } from './connection.ts';
import { readDefinitions } from './reader.ts';
import { rollUp } from './store.ts';

const entriesInStep = 2000;

/** Takes old entries out in steps, each of which is one transaction that calls wait for. */
export async function retireEntries(
  pool: PostgresPool,
  schema: string,
  before: number,
  legalHold: EntryFilter | undefined,
): Promise<RetireResult> {
  const { rows } = await pool.query(`SELECT seq FROM ${schema}.head`);
  await rollUp(pool, schema, Number(rows[0]?.['seq']), Object.values(rollupGrains));
  let retired = 0;
  let kept = 0;
  for (let after: number | undefined = 0; after !== undefined; ) {
    const from: number = after;
    const step = await inTransaction(pool, `BEGIN; SELECT 1 FROM ${schema}.head FOR UPDATE`, (client) =>
      retireStep(client, schema, before, legalHold, from),
    );
    retired += step.retired;
    kept += step.kept;
    after = step.after;
  }
  return { retired, kept };
}

async function retireStep(
  client: PostgresClient,
  schema: string,
  before: number,
  legalHold: EntryFilter | undefined,
  after: number,
): Promise<RetireResult & { readonly after: number | undefined }> {
  const definitions = await readDefinitions(client, schema);
  const { rows } = await client.query(
    `SELECT seq, body, draws, hash FROM ${schema}.entries
     WHERE seq > $1 AND at < $2 AND seq <= (SELECT until_seq FROM ${schema}.rolled_up)
     ORDER BY seq LIMIT ${entriesInStep}`,
    [after, before],
  );
  const old = rows.map((row) => ({
    seq: Number(row['seq']),
    body: String(row['body']),
    draws: String(row['draws']),
    hash: String(row['hash']),
  }));
  const { runs, counters, retired, kept } = planRetirement(old, legalHold, definitions.limitOf);
  await client.query(
    `INSERT INTO ${schema}.retired SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[])`,
    [
      runs.map(({ fromSeq }) => fromSeq),
      runs.map(({ untilSeq }) => untilSeq),
      runs.map(({ lastHash }) => lastHash),
    ],
  );
  await client.query(
    `DELETE FROM ${schema}.entries USING unnest($1::bigint[], $2::bigint[]) AS run (from_seq, until_seq)
     WHERE seq BETWEEN run.from_seq AND run.until_seq`,
    [runs.map(({ fromSeq }) => fromSeq), runs.map(({ untilSeq }) => untilSeq)],
  );
  await client.query(
    `INSERT INTO ${schema}.retired_counters AS c SELECT * FROM unnest($1::text[], $2::bigint[], $3::numeric[])
     ON CONFLICT (account, start) DO UPDATE SET settled = c.settled + excluded.settled`,
    [
      counters.map(({ account }) => account),
      counters.map(({ start }) => start),
      counters.map(({ settled }) => subunitsToText(settled)),
    ],
  );
  return { retired, kept, after: old.at(-1)?.seq };
}
