import type { DatabaseSync } from 'node:sqlite';
import type { VerifyOptions, VerifyResult } from '../ledger.ts';
import { anchorFromText, anchorToText } from '../stored/anchor.ts';
import { columnOf, groupDimensions, rollupGrains } from '../stored/dimensions.ts';
import { entryDrawsFromJson } from '../stored/records.ts';
import { createChainCheck, createFindings, mostFindings } from '../stored/verify-entries.ts';
import { createCounterCheck } from '../verify-counters.ts';
import { hex, readHead } from './head.ts';
import { createPointReader, toRow } from './point-reader.ts';
import { atOneMoment } from './query.ts';
import { join } from './split-amount.ts';

/** Recomputes the chain, the columns, the roll-ups and the counters from what the entries say. */
export function verify(database: DatabaseSync, { anchor }: VerifyOptions = {}): VerifyResult {
  const from = anchor === undefined ? undefined : anchorFromText(anchor);
  return atOneMoment(database, () => {
    const { find, findings } = createFindings();
    checkPages(database, find);
    const counters = createCounterCheck();
    const { definitions, holdBatches } = createPointReader(database);
    const retired = database.prepare('SELECT * FROM retired').all();
    const chain = createChainCheck(
      retired.map((run) => ({
        fromSeq: Number(run['from_seq']),
        untilSeq: Number(run['until_seq']),
        lastHash: hex(run['last_hash']),
      })),
      from,
      find,
    );
    for (const row of database.prepare(selectEntries).iterate()) {
      const draws = String(row['draws']);
      chain.add({
        seq: Number(row['seq']),
        body: String(row['body']),
        draws,
        hash: hex(row['hash']),
        columns: {
          id: row['id'],
          operationId: row['operation_id'],
          at: row['at'],
          currency: row['currency'],
          cost: row['cost_whole'] === null ? undefined : join(row['cost_whole'], row['cost_fraction']),
          inputTokens: row['input_tokens'],
          outputTokens: row['output_tokens'],
          sessionId: row['session_id'],
          corrects: row['corrects'],
          group: groupColumns.map((_, index) => row[`group_${index}`]),
        },
      });
      counters.addEntry(entryDrawsFromJson(draws, definitions.limitOf));
    }
    const end = readHead(database);
    const last = chain.end(end.seq, end.hash);
    for (const { holds } of holdBatches()) for (const hold of holds) counters.addHold(hold.draws);
    for (const row of database.prepare('SELECT * FROM retired_counters').iterate()) {
      const settled = join(row['settled_whole'], row['settled_fraction']);
      counters.addRetired(String(row['account']), Number(row['start']), settled);
    }
    const rows = database.prepare('SELECT * FROM counters').all().map(toRow);
    for (const finding of counters.compare(rows)) find(finding);
    if (retired.length === 0) verifyRollups(database, find);
    return {
      result: findings.length === 0 ? 'intact' : 'damaged',
      entries: chain.entries(),
      findings,
      anchor: anchorToText(last),
    };
  });
}

/** Indexes that do not lead to their rows, pages that are not what SQLite wrote. */
function checkPages(database: DatabaseSync, find: (sentence: string) => void): void {
  for (const row of database.prepare('PRAGMA integrity_check(10)').all()) {
    const [said] = Object.values(row);
    if (said !== 'ok') find(`SQLite: ${String(said)}`);
  }
}

/** Entries summed up again must give each roll-up; where entries were taken out, they cannot any more. */
function verifyRollups(database: DatabaseSync, find: (sentence: string) => void): void {
  const sum = database.prepare(`
    SELECT * FROM (
      SELECT start, group_id, currency, sum(entries) AS entries, sum(whole) AS whole, sum(high) AS high,
        sum(low) AS low, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, sum(unpriced) AS unpriced,
        sum(refused) AS refused
      FROM (
        SELECT at - ((at % ?1) + ?1) % ?1 AS start, group_id, currency, 1 AS entries,
          coalesce(cost_whole, 0) AS whole, coalesce(cost_fraction, 0) / 1000000 AS high,
          coalesce(cost_fraction, 0) % 1000000 AS low, input_tokens, output_tokens, cost_whole IS NULL AS unpriced,
          g.kind = 'refused' AS refused
        FROM entries JOIN groups g ON g.id = group_id WHERE seq <= (SELECT until_seq FROM rolled_up)
        UNION ALL
        SELECT start, group_id, currency, -entries, -cost_whole, -(cost_fraction / 1000000), -(cost_fraction % 1000000),
          -input_tokens, -output_tokens, -unpriced, -refused
        FROM rollups WHERE grain = ?1
      )
      GROUP BY start, group_id, currency
    )
    WHERE entries <> 0 OR whole * 1000000 + high <> 0 - low / 1000000 OR low % 1000000 <> 0
      OR input_tokens <> 0 OR output_tokens <> 0 OR unpriced <> 0 OR refused <> 0
    LIMIT ?2
  `);
  for (const grain of Object.values(rollupGrains)) {
    for (const { start, group_id: group } of sum.all(grain, mostFindings)) {
      find(
        `The sums of group ${Number(group)} from ${new Date(Number(start)).toISOString()} differ from its entries`,
      );
    }
  }
}

const groupColumns = groupDimensions.map(columnOf);

const selectEntries = `
  SELECT e.*, ${groupColumns.map((column, index) => `g.${column} AS group_${index}`).join(', ')}
  FROM entries e LEFT JOIN groups g ON g.id = e.group_id ORDER BY e.seq
`;
