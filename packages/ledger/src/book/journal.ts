import type { LedgerEntry } from '@genops/core';
import type { Row } from '../account.ts';
import type { LimitQuery } from '../ledger.ts';
import { type Plan, rowStart } from '../plan-draw.ts';
import type { Hold } from './hold.ts';

/** Is told everything that has to be kept, as it happens. */
export interface Journal {
  readonly held: (hold: Hold) => void;
  readonly ended: (hold: Hold) => void;
  /** A hold taken in advance has less in it than before. */
  readonly shrunk: (hold: Hold) => void;
  readonly recorded: (recorded: RecordedEntry) => void;
  readonly changed: (row: Row) => void;
}

/** An entry with what it counted. */
export interface RecordedEntry {
  readonly entry: LedgerEntry;
  readonly draws: readonly EntryDraw[];
}

export interface EntryDraw extends LimitQuery {
  /** Start of the row counted on. */
  readonly row: number;
  /** In sub-units. */
  readonly amount: bigint;
}

export function counted(plan: Plan, amount: bigint): EntryDraw {
  return { limit: plan.compiled.limit, bucket: plan.bucket, row: rowStart(plan), amount };
}
