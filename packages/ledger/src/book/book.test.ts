import { describe, expect, it } from 'vitest';
import { type Account, emptyAccount, type Row } from '../account.ts';
import type { ReserveResult } from '../ledger.ts';
import {
  budget,
  costOf,
  decimal,
  draw,
  reserveRequest,
  settledEntry,
  startOfTest,
} from '../testing/samples.ts';
import { createBook } from './book.ts';
import type { RecordedEntry } from './journal.ts';

/** A book on a store that keeps rows as they were when they were last stored. */
function bookOnStore() {
  let time = Date.parse(startOfTest);
  const stored = new Map<string, Row>();
  const entries = new Map<string, RecordedEntry>();
  const changed = new Set<Row>();
  let loads = 0;
  const book = createBook({
    clock: () => ({ wall: time, steady: time }),
    loadAccount: (key): Account | undefined => {
      loads += 1;
      const rows = [...stored.values()].filter(({ account }) => account === key);
      if (rows.length === 0) return undefined;
      const account = emptyAccount(key);
      for (const row of rows.sort((left, right) => right.start - left.start).slice(0, 128)) {
        account.rows.set(row.start, { ...row });
      }
      account.since = Math.min(...rows.map(({ start }) => start));
      return account;
    },
    loadRow: (account, start) => {
      const row = stored.get(`${account}@${start}`);
      return row === undefined ? undefined : { ...row };
    },
    findEntry: (id) => entries.get(id),
    findCorrections: () => [],
    journal: {
      held: () => {},
      ended: () => {},
      shrunk: () => {},
      recorded: (recorded) => entries.set(recorded.entry.id, recorded),
      changed: (row) => changed.add(row),
    },
  });
  return {
    book,
    loads: () => loads,
    advance: (milliseconds: number) => {
      time += milliseconds;
    },
    store: () => {
      for (const row of changed) stored.set(`${row.account}@${row.start}`, { ...row });
      changed.clear();
      book.forget((row) => !changed.has(row));
    },
    rows: () => [...book.rows()].length,
  };
}

describe('createBook', () => {
  it('lets go of old rows that are stored, and loads them again when they are needed', () => {
    const { book, advance, store, rows } = bookOnStore();
    const hourly = budget({ window: { kind: 'calendar', period: 'hour' } });
    book.reserve(reserveRequest('first', [draw(hourly, '0.5')], { expiresInMs: 30 * 86_400_000 }));
    store();
    for (let hour = 0; hour < 400; hour += 1) {
      advance(3_600_000);
      book.reserve(reserveRequest(`call-${hour}`, [draw(hourly, '0.1')], { expiresInMs: 1000 }));
      store();
    }
    expect(rows()).toBeLessThan(300);
    const end = { id: 'first', amounts: [decimal('0.2')], entry: settledEntry('first', costOf('0.2')) };
    expect(book.settle(end)).toMatchObject({ result: 'recorded', states: [{ settled: '0.2', held: '0' }] });
  });

  it('keeps the count of many buckets, of which only some are in memory', () => {
    const { book, store, rows, loads } = bookOnStore();
    const perCustomer = budget({ window: { kind: 'lifetime' } });
    const spendOf = (customer: number, round: string): ReserveResult =>
      book.reserve(
        reserveRequest(`${round}-${customer}`, [
          draw(perCustomer, '0.4', { bucket: `customerId=${customer}` }),
        ]),
      );
    for (let customer = 0; customer < 60_000; customer += 1) spendOf(customer, 'first');
    store();
    expect(rows()).toBe(0);
    const before = loads();
    for (let customer = 0; customer < 1000; customer += 1) {
      expect(spendOf(customer, 'second')).toMatchObject({ result: 'held', states: [{ held: '0.8' }] });
      expect(spendOf(customer, 'third').result).toBe('refused');
    }
    expect(loads() - before).toBe(1000);
  });

  it('never lets go of what is not stored yet', () => {
    const { book, rows } = bookOnStore();
    const perCustomer = budget({ window: { kind: 'lifetime' } });
    for (let customer = 0; customer < 60_000; customer += 1) {
      book.reserve(
        reserveRequest(`call-${customer}`, [draw(perCustomer, '0.4', { bucket: `customerId=${customer}` })]),
      );
    }
    book.forget(() => false);
    expect(rows()).toBe(60_000);
  });
});
