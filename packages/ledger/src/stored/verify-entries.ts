import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Anchor } from './anchor.ts';
import { readFacts } from './entry-facts.ts';

/** An entry as it is stored, whatever it is stored in. */
export interface StoredEntry {
  readonly seq: number;
  readonly body: string;
  readonly draws: string;
  /** Of the entry before, and of this one: hexadecimal SHA-256. */
  readonly hash: string;
  /** What the columns beside the content say. */
  readonly columns: {
    readonly id: unknown;
    readonly operationId: unknown;
    readonly at: unknown;
    readonly currency: unknown;
    /** In sub-units. */
    readonly cost: bigint | undefined;
    readonly inputTokens: unknown;
    readonly outputTokens: unknown;
    readonly sessionId: unknown;
    readonly corrects: unknown;
    /** One value for each of the dimensions of the roll-ups. */
    readonly group: readonly unknown[];
  };
}

/** Entries that were taken out, and the hash at which the chain goes on. */
export interface RetiredRun {
  readonly fromSeq: number;
  readonly untilSeq: number;
  readonly lastHash: string;
}

/** Follows the chain from its beginning, entry by entry. */
export interface ChainCheck {
  readonly add: (entry: StoredEntry) => void;
  readonly entries: () => number;
  /** Checks that the chain ends where the store says that it does, and goes through the anchor. */
  readonly end: (seq: number, lastHash: string) => Anchor;
}

export function createChainCheck(
  retired: readonly RetiredRun[],
  anchor: Anchor | undefined,
  find: (sentence: string) => void,
): ChainCheck {
  const runs = new Map(retired.map((run) => [run.fromSeq, run]));
  let expected = 1;
  let chained = '';
  let entries = 0;
  /** What the chain was at the anchor. */
  let atAnchor = anchor?.seq === 0 ? '' : undefined;

  function skipRetired(): void {
    for (let run = runs.get(expected); run !== undefined; run = runs.get(expected)) {
      expected = run.untilSeq + 1;
      chained = run.lastHash;
      if (run.untilSeq === anchor?.seq) atAnchor = chained;
    }
  }

  return {
    add: (entry) => {
      if (entry.seq !== expected) skipRetired();
      const { seq, body, draws, columns } = entry;
      if (seq !== expected) find(`Entry ${expected} is missing: the next one is ${seq}`);
      if (hash('sha256', `${chained}\n${body}\n${draws}`) !== entry.hash) {
        find(`Entry ${seq} ("${String(columns.id)}") is not what was written, or not where it was written`);
      }
      if (!columnsMatch(entry))
        find(`Columns of entry ${seq} ("${String(columns.id)}") differ from its content`);
      chained = entry.hash;
      if (seq === anchor?.seq) atAnchor = chained;
      expected = seq + 1;
      entries += 1;
    },
    entries: () => entries,
    end: (seq, lastHash) => {
      skipRetired();
      if (expected !== seq + 1 || chained !== lastHash)
        find(`The chain ends at entry ${expected - 1}, not at ${seq}`);
      if (anchor !== undefined && anchor.hash !== atAnchor) {
        find(
          `Entry ${anchor.seq} of the anchor ${atAnchor === undefined ? 'is not there' : 'is not what it was'}`,
        );
      }
      return { seq: expected - 1, hash: chained };
    },
  };
}

function columnsMatch({ body, columns }: StoredEntry): boolean {
  const facts = readFacts(body);
  return (
    columns.id === facts.id &&
    columns.operationId === facts.operationId &&
    columns.at === facts.at &&
    columns.currency === facts.currency &&
    columns.cost === facts.cost &&
    columns.inputTokens === facts.inputTokens &&
    columns.outputTokens === facts.outputTokens &&
    columns.sessionId === facts.sessionId &&
    columns.corrects === facts.corrects &&
    isDeepStrictEqual(columns.group, facts.group)
  );
}

/** Collects sentences, up to a number: a damaged store can have millions of them. */
export function createFindings(): {
  readonly find: (sentence: string) => void;
  readonly findings: readonly string[];
} {
  const findings: string[] = [];
  return {
    findings,
    find: (sentence) => {
      if (findings.length < mostFindings) findings.push(sentence);
    },
  };
}

export const mostFindings = 100;
