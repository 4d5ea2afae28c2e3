import type { LedgerEntry } from '@genops/core';
import { type Account, emptyAccount, type Row } from '../account.ts';
import { type Book, createBook } from '../book/book.ts';
import type { RecordedEntry } from '../book/journal.ts';
import type { Clock } from '../clock.ts';
import { createPending, type Pending } from '../stored/pending.ts';
import { type Definitions, entryFromRecord, holdFromRecord } from '../stored/records.ts';
import type { Head, Snapshot, Wants } from './store.ts';

/** A book on part of the store, true for as long as the store stays at `head`. */
export interface Session {
  readonly book: Book;
  readonly pending: Pending;
  head: Head;
  /** From then on there may be holds to expire that the book does not know. */
  readonly nextExpiry: number;
}

/** Thrown where a book asks for something that was not read; what it did so far is thrown away. */
export class NotRead extends Error {
  readonly wanted: Want;

  constructor(wanted: Want) {
    super('Not read yet');
    this.wanted = wanted;
  }
}

export type Want =
  | { readonly id: string }
  | { readonly account: string }
  | { readonly row: readonly [account: string, start: number] };

export function openSession(
  snapshot: Snapshot,
  wants: Wants,
  definitions: Definitions,
  clock: Clock,
  /** Ids that are taken to be new until the commit shows otherwise. */
  assumedNew: (id: string) => boolean,
): Session {
  definitions.learn(snapshot.definitions);
  const pending = createPending(definitions);
  const accounts = readAccounts(snapshot);
  const entries = new Map(
    snapshot.entries.map(([id, ...record]) => [id, entryFromRecord(record, definitions.limitOf)]),
  );
  /** Recorded by this session, and stored since: to be read again when asked for. */
  const storedHere = new Set<string>();
  const correctedHere: LedgerEntry[] = [];

  const book = createBook({
    clock,
    loadAccount: (key) => {
      const account = accounts.get(key);
      if (account === undefined && !wants.accounts.has(key)) throw new NotRead({ account: key });
      return account;
    },
    loadRow: (key, start) => {
      const oldest = accounts.get(key)?.rows;
      const older = oldest !== undefined && start < Math.min(...oldest.keys());
      if (older && !wants.rows.has(`${key}@${start}`)) throw new NotRead({ row: [key, start] });
      return undefined;
    },
    findEntry: (id): RecordedEntry | undefined => {
      const unstored = pending.entry(id);
      if (unstored !== undefined) return unstored;
      if (storedHere.has(id)) throw new NotRead({ id });
      if (wants.ids.has(id)) return entries.get(id);
      if (assumedNew(id)) return undefined;
      throw new NotRead({ id });
    },
    findCorrections: (id) => [
      ...snapshot.corrections
        .filter(([corrects]) => corrects === id)
        .map(([, ...record]) => entryFromRecord(record, definitions.limitOf).entry)
        .filter(({ kind }) => kind === 'correction'),
      ...correctedHere.filter(({ corrects }) => corrects === id),
    ],
    journal: {
      ...pending.journal,
      recorded: (recorded) => {
        storedHere.add(recorded.entry.id);
        if (recorded.entry.kind === 'correction') correctedHere.push(recorded.entry);
        pending.journal.recorded(recorded);
      },
    },
  });
  for (const record of snapshot.holds) book.restore(holdFromRecord(record, definitions));

  return {
    book,
    pending,
    head: snapshot.head,
    nextExpiry: snapshot.nextExpiry ?? Number.POSITIVE_INFINITY,
  };
}

function readAccounts({ rows, since }: Snapshot): Map<string, Account> {
  const accounts = new Map<string, Account>();
  for (const row of rows) accountFor(accounts, row).rows.set(row.start, row);
  for (const [key, start] of since) {
    const account = accounts.get(key);
    if (account !== undefined) account.since = start;
  }
  return accounts;
}

function accountFor(accounts: Map<string, Account>, row: Row): Account {
  let account = accounts.get(row.account);
  if (account === undefined) {
    account = emptyAccount(row.account);
    accounts.set(row.account, account);
  }
  return account;
}
