import type { LedgerEntry } from '@genops/core';
import type { Row } from '../account.ts';
import type { Hold } from '../book/hold.ts';
import type { Journal, RecordedEntry } from '../book/journal.ts';
import { type EntryFacts, factsOf } from './entry-facts.ts';
import {
  type DefinitionRecord,
  type Definitions,
  type EntryRecord,
  entryToRecord,
  type HoldRecord,
  holdToRecord,
} from './records.ts';

/** What happened in a book and is not stored yet. */
export interface Pending {
  readonly journal: Journal;
  /** True while there is something to store. */
  readonly changed: () => boolean;
  /** Everything since the last time, rows as they stand now. */
  readonly take: () => Changes;
  /** What was taken last is stored. */
  readonly stored: () => void;
  readonly isStored: (row: Row) => boolean;
  /** Finds an entry that is not stored yet. */
  readonly entry: (id: string) => RecordedEntry | undefined;
  readonly corrections: (id: string) => LedgerEntry[];
}

export interface Changes {
  /** Limit definitions met for the first time. */
  readonly definitions: readonly DefinitionRecord[];
  readonly holds: readonly HoldRecord[];
  /** Accounts of each hold, in the order of `holds`. */
  readonly accounts: readonly (readonly string[])[];
  /** Holds that have less in them than is stored. */
  readonly shrunk: readonly HoldRecord[];
  /** Ids of holds that ended. */
  readonly ended: readonly string[];
  readonly entries: readonly EntryRecord[];
  /** What of each entry is a column, in the order of `entries`. */
  readonly facts: readonly EntryFacts[];
  readonly rows: readonly Row[];
}

export function createPending(definitions: Definitions): Pending {
  let holds = new Map<string, Hold>();
  let shrunk = new Map<string, Hold>();
  let ended: string[] = [];
  let rows = new Set<Row>();
  let entries = new Map<string, RecordedEntry>();
  /** Taken, and not to be found in the store yet. */
  let rowsTaken: ReadonlySet<Row> = new Set();
  let entriesTaken: ReadonlyMap<string, RecordedEntry> = new Map();

  return {
    journal: {
      held: (hold) => holds.set(hold.id, hold),
      shrunk: (hold) => (holds.has(hold.id) ? holds : shrunk).set(hold.id, hold),
      ended: ({ id }) => {
        shrunk.delete(id);
        // A hold that comes and goes between two commits never reaches the store.
        if (!holds.delete(id)) ended.push(id);
      },
      recorded: (recorded) => entries.set(recorded.entry.id, recorded),
      changed: (row) => rows.add(row),
    },
    changed: () => holds.size + shrunk.size + ended.length + rows.size + entries.size > 0,
    take: () => {
      const changes = {
        holds: Array.from(holds.values(), (hold) => holdToRecord(hold, definitions)),
        accounts: Array.from(holds.values(), (hold) => hold.draws.map(({ plan }) => plan.account)),
        shrunk: Array.from(shrunk.values(), (hold) => holdToRecord(hold, definitions)),
        ended,
        entries: Array.from(entries.values(), (recorded) => entryToRecord(recorded, definitions)),
        facts: Array.from(entries.values(), ({ entry }) => factsOf(entry)),
        rows: [...rows],
        // Last: the records above may have met new ones.
        definitions: definitions.takeNew(),
      };
      entriesTaken = entries;
      rowsTaken = rows;
      holds = new Map();
      shrunk = new Map();
      ended = [];
      rows = new Set();
      entries = new Map();
      return changes;
    },
    stored: () => {
      entriesTaken = new Map();
      rowsTaken = new Set();
    },
    isStored: (row) => !rows.has(row) && !rowsTaken.has(row),
    entry: (id) => entries.get(id) ?? entriesTaken.get(id),
    corrections: (id) =>
      [...entriesTaken.values(), ...entries.values()]
        .map(({ entry }) => entry)
        .filter(({ kind, corrects }) => kind === 'correction' && corrects === id),
  };
}
