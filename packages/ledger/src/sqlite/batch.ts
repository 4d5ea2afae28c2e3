/**
 * What one transaction writes, as it is sent to the writing thread: text in lines, because one long text
 * travels between threads several times faster than many small values.
 */
export interface Batch {
  /** Limit definitions met for the first time: number and JSON. */
  readonly definitions: string;
  readonly holds: string;
  /** Ids of holds that ended. */
  readonly ended: string;
  /** Each entry and what it counted, both as JSON. */
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
