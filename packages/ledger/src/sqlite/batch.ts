/**
 * What one transaction writes, as it is sent to the writing thread: few values, and everything long as
 * bytes whose memory is handed over, because what travels between threads is copied twice otherwise.
 */
export interface Batch {
  /** Limit definitions met for the first time: number and JSON. */
  readonly definitions: string;
  /** New holds: the number that they are stored under, and how many bytes they have at the beginning of `text`. */
  readonly holds: { readonly number: number; readonly bytes: number } | undefined;
  /** Numbers of stored holds that have all ended. */
  readonly overHolds: readonly number[];
  /** For each entry how many bytes it and its draws have in `text`, and as JSON what of it is a column. */
  readonly entries: string;
  readonly rows: readonly RowRecord[];
  /**
   * The holds, then what the chain is made of: for each entry room for the hash of the one before, the entry
   * and what it counted, with line ends between the three.
   */
  readonly text: Uint8Array<ArrayBuffer>;
}

/** Of a hash as text. */
export const hashBytes = 64;

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
