import { randomUUID } from 'node:crypto';

/**
 * A UUID of version 7: it begins with the time, so that ids sort by when they were made and a store's index
 * grows at its end instead of everywhere.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9562#section-5.7 (checked 2026-11-21)
 */
export function timeOrderedUuid(at: Date): string {
  const time = at.getTime().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
