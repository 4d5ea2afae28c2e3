import { ConfigurationError } from '@genops/core';
import type { EntryFilter, EntryQuery } from './ledger.ts';

/** Entries on a page when nobody says otherwise, and the most that one may have. */
export const pageSizes = { usual: 100, most: 10_000 } as const;

/**
 * Checked where it is asked, also when it is answered on another thread.
 *
 * @throws {ConfigurationError} naming what of the question cannot be meant
 */
export function checkEntryQuery({ pageSize = pageSizes.usual, cursor, filter = {} }: EntryQuery): void {
  checkPageSize(pageSize);
  if (cursor !== undefined) readCursor(cursor);
  checkFilter(filter);
}

/** @throws {ConfigurationError} when a time is no instant */
export function checkFilter({ from, until }: EntryFilter): void {
  if (from !== undefined) instantMs('from', from);
  if (until !== undefined) instantMs('until', until);
}

/** @throws {ConfigurationError} when the text is not an instant */
export function instantMs(name: string, text: string): number {
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) throw new ConfigurationError(name, `expected an instant, got "${text}"`);
  return milliseconds;
}

function checkPageSize(pageSize: number): void {
  if (!(Number.isSafeInteger(pageSize) && pageSize > 0 && pageSize <= pageSizes.most)) {
    throw new ConfigurationError('pageSize', `expected 1 to ${pageSizes.most}, got ${pageSize}`);
  }
}

/** A cursor is the position of the last entry of its page. */
export function readCursor(cursor: string): number {
  const position = /^\d{1,15}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (Number.isNaN(position))
    throw new ConfigurationError('cursor', 'expected the `nextCursor` of an earlier page');
  return position;
}
