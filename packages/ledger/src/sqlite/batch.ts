/** What one transaction writes. Only plain values, so that it can be sent to another thread. */
export interface Batch {
  /** Limit definitions met for the first time. */
  readonly definitions: readonly (readonly [id: number, definition: string])[];
  readonly holds: readonly HoldRecord[];
  /** Ids of holds that ended. */
  readonly ended: readonly string[];
  readonly entries: readonly EntryRecord[];
  readonly rows: readonly RowRecord[];
}

export type HoldRecord = readonly [
  id: string,
  at: number,
  expiresAt: number,
  expiresInMs: number,
  clampSteps: number | null,
  granted: number | null,
  draws: string,
  entry: string,
];

/** An entry and what it counted, both as JSON. */
export type EntryRecord = readonly [body: string, draws: string];

export type RowRecord = readonly [
  account: string,
  start: number,
  settled: bigint,
  held: bigint,
  told: number,
];
