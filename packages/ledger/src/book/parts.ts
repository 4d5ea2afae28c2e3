import type { LedgerEntry } from '@genops/core';
import type { Moment } from '../plan-draw.ts';
import type { Answers } from './answers.ts';
import type { Counters } from './counters.ts';
import type { Holds } from './holds.ts';
import type { Journal, RecordedEntry } from './journal.ts';
import type { Plans } from './plans.ts';

/** What the operations of a book work on. */
export interface BookParts {
  readonly holds: Holds;
  readonly counters: Counters;
  readonly plans: Plans;
  readonly answers: Answers;
  readonly journal: Journal;
  readonly findEntry: (id: string) => RecordedEntry | undefined;
  /** What earlier corrections changed the cost of an entry by. */
  readonly findCorrections: (id: string) => readonly LedgerEntry[];
  /** The moment at which an operation begins. What is due by then has expired. */
  readonly begin: () => Moment;
}
