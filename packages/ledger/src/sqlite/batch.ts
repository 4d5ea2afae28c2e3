/**
 * What one transaction writes, as it is sent to the writing thread: text in lines, because one long text
 * travels between threads several times faster than many small values.
 */
export interface Batch {
  /** Limit definitions met for the first time: number and JSON. */
  readonly definitions: string;
  /** New holds, and the number that they are stored under. */
  readonly holds: { readonly number: number; readonly records: string } | undefined;
  /** Numbers of stored holds that have all ended. */
  readonly overHolds: readonly number[];
  /** Each entry, what it counted, and what of it is a column, all as JSON. */
  readonly entries: string;
  readonly rows: readonly RowRecord[];
}

export type RowRecord = readonly [
  account: string,
  start: number,
  settled: bigint,
  held: bigint,
  told: number,
];

/** Neither JSON nor an id has a tab or the end of a line in it. */
export function toLines(records: readonly (readonly (string | number | null)[])[]): string {
  return records.map((record) => record.join('\t')).join('\n');
}

export function fromLines(text: string): string[][] {
  return text === '' ? [] : text.split('\n').map((line) => line.split('\t'));
}
