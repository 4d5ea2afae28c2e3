import type { LedgerEntry, LimitState } from '@genops/core';
import type { Account, Row } from '../account.ts';
import type {
  EndResult,
  LimitQuery,
  ReleaseRequest,
  ReserveRequest,
  ReserveResult,
  SettleRequest,
} from '../ledger.ts';
import type { Moment } from '../plan-draw.ts';
import { createInstantText } from '../present.ts';
import { type Advance, createAdvance } from './advance.ts';
import { createAnswers } from './answers.ts';
import { type CountersOptions, createCounters } from './counters.ts';
import { createEnd } from './end.ts';
import { createFinish } from './finish.ts';
import type { Hold, StoredHold } from './hold.ts';
import { createHolds } from './holds.ts';
import type { Journal } from './journal.ts';
import type { BookParts } from './parts.ts';
import { createPlans } from './plans.ts';
import { createRecord } from './record.ts';
import { createReserve } from './reserve.ts';
import { createThresholds } from './thresholds.ts';

/**
 * The counters of a ledger and what happens to them: every rule of reserve, settle, release and expire, in
 * memory and in whole numbers. It knows nothing of files; a driver keeps what the journal is told.
 */
export interface Book extends Advance {
  readonly reserve: (request: ReserveRequest) => ReserveResult;
  readonly settle: (request: SettleRequest) => EndResult;
  readonly release: (request: ReleaseRequest) => EndResult;
  readonly record: (entry: LedgerEntry) => EndResult;
  /** Returns how many holds it ended. */
  readonly expire: () => number;
  readonly states: (queries: readonly LimitQuery[]) => LimitState[];
  /** Takes up a hold that the store kept. */
  readonly restore: (hold: StoredHold) => void;
  readonly holds: () => Iterable<Hold>;
  /** Every row that the book knows. */
  readonly rows: () => Iterable<Row>;
  readonly account: (key: string) => Account | undefined;
  /** Lets go of what the store can load again, when there is much of it. */
  readonly forget: (isStored: (row: Row) => boolean) => void;
  /** No hold of the book falls due before; on the even clock, in milliseconds. */
  readonly nextDeadline: () => number;
}

export interface BookOptions
  extends Omit<CountersOptions, 'journal'>,
    Pick<BookParts, 'findEntry' | 'findCorrections'> {
  readonly clock: () => Moment;
  readonly journal: Journal;
}

export function createBook(options: BookOptions): Book {
  const { clock, journal, findEntry, findCorrections } = options;
  const holds = createHolds();
  const plans = createPlans();
  const counters = createCounters(options);
  const answers = createAnswers(counters, plans, createThresholds(counters, journal));
  const { finish, sweep } = createFinish({ holds, counters, journal });
  const instant = createInstantText();

  function begin(): Moment {
    const moment = clock();
    sweep(moment);
    return moment;
  }

  const parts: BookParts = { holds, counters, plans, answers, journal, findEntry, findCorrections, begin };
  return {
    reserve: createReserve(parts),
    ...createEnd(parts, finish),
    record: createRecord(parts),
    ...createAdvance(parts),
    expire: () => sweep(clock()),
    states: (queries) => {
      const moment = begin();
      return queries.map((query) => counters.stateOf(plans.at(query, moment), moment));
    },
    restore: (stored) => {
      const { wall, steady } = clock();
      holds.put({
        ...stored,
        atText: instant(stored.at),
        // Whatever happened to the clock meanwhile, no hold outlives its own length.
        deadline: steady + Math.min(stored.expiresAt - wall, stored.expiresInMs),
        draws: stored.draws.map(({ limit, bucket, row, ...draw }) => ({
          ...draw,
          plan: plans.onRow({ limit, bucket }, row, stored.at),
        })),
      });
    },
    holds: holds.all,
    rows: counters.rows,
    account: counters.known,
    forget: counters.forget,
    nextDeadline: holds.nextDeadline,
  };
}
