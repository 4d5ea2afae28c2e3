import { hash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { VerifyResult } from '../ledger.ts';
import { rollupGrains } from '../stored/dimensions.ts';
import { readFacts } from '../stored/entry-facts.ts';
import { entryDrawsFromJson } from '../stored/records.ts';
import { createCounterCheck } from '../verify-counters.ts';
import { createPointReader, toRow } from './point-reader.ts';
import { atOneMoment } from './query.ts';
import { join } from './split-amount.ts';

/** Sentences are collected up to this many; a damaged file can have millions of findings. */
const mostFindings = 100;

/** Recomputes the chain, the columns, the roll-ups and the counters from what the entries say. */
export function verify(database: DatabaseSync): VerifyResult {
  const findings: string[] = [];
  const find = (sentence: string): void => {
    if (findings.length < mostFindings) findings.push(sentence);
  };
  return atOneMoment(database, () => {
    const check = createCounterCheck();
    const { definitions, holds } = createPointReader(database);
    const entries = verifyChain(database, find, (draws) => {
      check.addEntry(entryDrawsFromJson(draws, definitions.limitOf));
    });
    for (const hold of holds()) check.addHold(hold.draws);
    const rows = database.prepare('SELECT * FROM counters').all();
    for (const finding of check.compare(rows.map(toRow))) find(finding);
    verifyRollups(database, find);
    return { result: findings.length === 0 ? 'intact' : 'damaged', entries, findings };
  });
}

function verifyChain(
  database: DatabaseSync,
  find: (sentence: string) => void,
  count: (draws: string) => void,
): number {
  const retired = new Map(
    database
      .prepare('SELECT from_seq, until_seq, last_hash FROM retired')
      .all()
      .map((run) => [
        Number(run['from_seq']),
        { until: Number(run['until_seq']), hash: hex(run['last_hash']) },
      ]),
  );
  let expected = 1;
  let chained = '';
  let entries = 0;
  for (const row of database.prepare('SELECT * FROM entries ORDER BY seq').iterate()) {
    const seq = Number(row['seq']);
    for (let run = retired.get(expected); run !== undefined && expected < seq; run = retired.get(expected)) {
      expected = run.until + 1;
      chained = run.hash;
    }
    if (seq !== expected) find(`Entry ${expected} is missing: the next one is ${seq}`);
    const body = String(row['body']);
    const draws = String(row['draws']);
    if (hash('sha256', `${chained}\n${body}\n${draws}`) !== hex(row['hash'])) {
      find(`Entry ${seq} ("${String(row['id'])}") is not what was written, or not where it was written`);
    }
    compareColumns(row, body, find);
    count(draws);
    chained = hex(row['hash']);
    expected = seq + 1;
    entries += 1;
  }
  return entries;
}

function compareColumns(row: Record<string, unknown>, body: string, find: (sentence: string) => void): void {
  const facts = readFacts(body);
  const stored = row['cost_whole'] === null ? undefined : join(row['cost_whole'], row['cost_fraction']);
  const same =
    stored === facts.cost &&
    row['id'] === facts.id &&
    row['operation_id'] === facts.operationId &&
    row['at'] === facts.at &&
    row['currency'] === facts.currency &&
    row['input_tokens'] === facts.inputTokens &&
    row['output_tokens'] === facts.outputTokens;
  if (!same) find(`Columns of entry ${String(row['seq'])} ("${facts.id}") differ from its content`);
}

/** Entries summed up again must give each roll-up; periods with retired entries cannot be checked any more. */
function verifyRollups(database: DatabaseSync, find: (sentence: string) => void): void {
  const sum = database.prepare(`
    SELECT * FROM (
      SELECT start, group_id, currency, sum(entries) AS entries, sum(whole) AS whole, sum(high) AS high,
        sum(low) AS low, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, sum(unpriced) AS unpriced
      FROM (
        SELECT at - ((at % ?1) + ?1) % ?1 AS start, group_id, currency, 1 AS entries,
          coalesce(cost_whole, 0) AS whole, coalesce(cost_fraction, 0) / 1000000 AS high,
          coalesce(cost_fraction, 0) % 1000000 AS low, input_tokens, output_tokens, cost_whole IS NULL AS unpriced
        FROM entries WHERE seq <= (SELECT until_seq FROM rolled_up)
        UNION ALL
        SELECT start, group_id, currency, -entries, -cost_whole, -(cost_fraction / 1000000), -(cost_fraction % 1000000),
          -input_tokens, -output_tokens, -unpriced
        FROM rollups WHERE grain = ?1
      )
      GROUP BY start, group_id, currency
    )
    WHERE entries <> 0 OR whole * 1000000 + high <> 0 - low / 1000000 OR low % 1000000 <> 0
      OR input_tokens <> 0 OR output_tokens <> 0 OR unpriced <> 0
    LIMIT ?2
  `);
  const retired = database.prepare('SELECT 1 FROM retired LIMIT 1').get() !== undefined;
  if (retired) return;
  for (const grain of Object.values(rollupGrains)) {
    for (const { start, group_id: group } of sum.all(grain, mostFindings)) {
      find(
        `The sums of group ${Number(group)} from ${new Date(Number(start)).toISOString()} differ from its entries`,
      );
    }
  }
}

function hex(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : '';
}
