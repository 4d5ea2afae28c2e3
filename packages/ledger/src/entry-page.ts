import { ConfigurationError } from '@genops/core';

/** Entries on a page when nobody says otherwise, and the most that one may have. */
export const pageSizes = { usual: 100, most: 10_000 } as const;

/** @throws {ConfigurationError} for a size that no page has */
export function checkPageSize(pageSize: number): number {
  if (!(Number.isSafeInteger(pageSize) && pageSize > 0 && pageSize <= pageSizes.most)) {
    throw new ConfigurationError('pageSize', `expected 1 to ${pageSizes.most}, got ${pageSize}`);
  }
  return pageSize;
}

/** A cursor is the position of the last entry of its page. */
export function readCursor(cursor: string): number {
  const position = /^\d{1,15}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (Number.isNaN(position))
    throw new ConfigurationError('cursor', 'expected the `nextCursor` of an earlier page');
  return position;
}
