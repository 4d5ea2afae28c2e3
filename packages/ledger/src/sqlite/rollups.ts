import type { DatabaseSync } from 'node:sqlite';
import { rollupGrains } from '../stored/dimensions.ts';
import { type EntryFacts, readFacts } from '../stored/entry-facts.ts';
import { split } from './split-amount.ts';

/**
 * Sums of entries by group and period. They follow the entries in steps, because one row for many entries is
 * cheaper than one for each; whoever reads them adds the entries after `rolled_up.until_seq` themselves.
 */
export interface Rollups {
  readonly add: (seq: number, groupId: number, facts: EntryFacts) => void;
  /** Writes the sums when enough have gathered. Call it inside the transaction of the entries. */
  readonly writeWhenDue: () => void;
  /** Writes the sums now, likewise. */
  readonly write: () => void;
  /** The transaction of the entries added since the last one is on disk. */
  readonly committed: () => void;
  /** It is not: they never were. */
  readonly rolledBack: () => void;
}

/** Entries that may be newer than the roll-ups. */
export const mostUnrolled = 5000;

const grains = Object.values(rollupGrains);

interface Sum {
  readonly grain: number;
  readonly start: number;
  readonly groupId: number;
  readonly currency: string;
  entries: number;
  cost: bigint;
  inputTokens: number;
  outputTokens: number;
  unpriced: number;
  refused: number;
}

interface Added {
  readonly seq: number;
  readonly groupId: number;
  readonly facts: EntryFacts;
}

export function createRollups(database: DatabaseSync): Rollups {
  const upsert = database.prepare(`
    INSERT INTO rollups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET
      entries = entries + excluded.entries,
      cost_whole = cost_whole + excluded.cost_whole + (cost_fraction + excluded.cost_fraction) / 1000000000000,
      cost_fraction = (cost_fraction + excluded.cost_fraction) % 1000000000000,
      input_tokens = input_tokens + excluded.input_tokens,
      output_tokens = output_tokens + excluded.output_tokens,
      unpriced = unpriced + excluded.unpriced,
      refused = refused + excluded.refused
  `);
  const setUntil = database.prepare('UPDATE rolled_up SET until_seq = ?');
  const newer = database.prepare(
    'SELECT seq, group_id, body FROM entries WHERE seq > (SELECT until_seq FROM rolled_up) ORDER BY seq LIMIT ?',
  );
  const readNewer = (): Added[] =>
    newer.all(mostUnrolled).map((row) => ({
      seq: Number(row['seq']),
      groupId: Number(row['group_id']),
      facts: readFacts(String(row['body'])),
    }));
  let written = false;
  /** What is on disk, or is about to be, and not in the sums yet. */
  let unrolled = readNewer();
  // After the sums were forgotten, there is more than fits into memory.
  while (unrolled.length === mostUnrolled) {
    database.exec('BEGIN IMMEDIATE');
    write();
    database.exec('COMMIT');
    unrolled = readNewer();
  }
  written = false;
  let safe = unrolled.length;

  function write(): void {
    if (unrolled.length === 0) return;
    for (const sum of sumUp(unrolled)) {
      const { grain, start, groupId, currency, entries, cost, inputTokens, outputTokens, unpriced, refused } =
        sum;
      upsert.run(
        grain,
        start,
        groupId,
        currency,
        entries,
        ...split(cost),
        inputTokens,
        outputTokens,
        unpriced,
        refused,
      );
    }
    setUntil.run(unrolled.at(-1)?.seq ?? 0);
    written = true;
  }

  return {
    add: (seq, groupId, facts) => unrolled.push({ seq, groupId, facts }),
    writeWhenDue: () => {
      if (unrolled.length >= mostUnrolled) write();
    },
    write,
    committed: () => {
      if (written) unrolled = [];
      safe = unrolled.length;
      written = false;
    },
    rolledBack: () => {
      unrolled.length = safe;
      written = false;
    },
  };
}

function sumUp(added: readonly Added[]): Iterable<Sum> {
  const sums = new Map<string, Sum>();
  for (const { groupId, facts } of added) {
    for (const grain of grains) addTo(sums, grain, Math.floor(facts.at / grain) * grain, groupId, facts);
  }
  return sums.values();
}

function addTo(
  sums: Map<string, Sum>,
  grain: number,
  start: number,
  groupId: number,
  facts: EntryFacts,
): void {
  const { currency } = facts;
  const key = `${grain}|${start}|${groupId}|${currency}`;
  let sum = sums.get(key);
  if (sum === undefined) {
    sum = {
      grain,
      start,
      groupId,
      currency,
      entries: 0,
      cost: 0n,
      inputTokens: 0,
      outputTokens: 0,
      unpriced: 0,
      refused: 0,
    };
    sums.set(key, sum);
  }
  sum.entries += 1;
  sum.inputTokens += facts.inputTokens;
  sum.outputTokens += facts.outputTokens;
  if (facts.cost === undefined) sum.unpriced += 1;
  else sum.cost += facts.cost;
  if (facts.kind === 'refused') sum.refused += 1;
}
