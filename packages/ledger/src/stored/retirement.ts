import { entryFromJson } from '../entry.ts';
import { entryMatcher } from '../entry-query.ts';
import type { EntryFilter } from '../ledger.ts';
import { createCounterCheck } from '../verify-counters.ts';
import { type Definitions, entryDrawsFromJson } from './records.ts';
import type { RetiredRun } from './verify-entries.ts';

/** An entry that is old enough to be taken out. */
export interface OldEntry {
  readonly seq: number;
  readonly body: string;
  readonly draws: string;
  /** Hexadecimal. */
  readonly hash: string;
}

/** What is left of entries when they are taken out. */
export interface Retirement {
  /** Stretches without a gap, oldest first. */
  readonly runs: readonly RetiredRun[];
  readonly retired: number;
  /** Entries under legal hold, which stay. */
  readonly kept: number;
  readonly counters: readonly {
    readonly account: string;
    readonly start: number;
    readonly settled: bigint;
  }[];
}

/** @param entries - in the order in which they were written */
export function planRetirement(
  entries: readonly OldEntry[],
  legalHold: EntryFilter | undefined,
  limitOf: Definitions['limitOf'],
): Retirement {
  const isKept = legalHold === undefined ? () => false : entryMatcher(legalHold);
  const counted = createCounterCheck();
  const runs: { fromSeq: number; untilSeq: number; lastHash: string }[] = [];
  let kept = 0;
  for (const { seq, body, draws, hash } of entries) {
    if (isKept(entryFromJson(body))) {
      kept += 1;
      continue;
    }
    counted.addEntry(entryDrawsFromJson(draws, limitOf));
    const last = runs.at(-1);
    if (last?.untilSeq === seq - 1) {
      last.untilSeq = seq;
      last.lastHash = hash;
    } else {
      runs.push({ fromSeq: seq, untilSeq: seq, lastHash: hash });
    }
  }
  return { runs, retired: entries.length - kept, kept, counters: counted.expected() };
}
