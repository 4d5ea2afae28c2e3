import type { Account, Row } from '../account.ts';

/** Rows of an account that are loaded at once: all that a rolling window can count, and more. */
export const newestRows = 128;

/** Accounts in memory before those are let go of that the store can load again. */
const mostAccounts = 50_000;

/** Lets go of old rows and of whole accounts that a store can load again, when there are many. */
export function forgetStored(accounts: Map<string, Account>, isStored: (row: Row) => boolean): void {
  for (const { rows } of accounts.values()) if (rows.size > 2 * newestRows) forgetRows(rows, isStored);
  if (accounts.size <= mostAccounts) return;
  for (const [key, { rows }] of accounts) {
    if ([...rows.values()].every(isStored)) accounts.delete(key);
  }
}

function forgetRows(rows: Map<number, Row>, isStored: (row: Row) => boolean): void {
  const oldest = [...rows.keys()].sort((left, right) => left - right).slice(0, -newestRows);
  for (const start of oldest) {
    const row = rows.get(start);
    if (row !== undefined && isStored(row)) rows.delete(start);
  }
}
