/** Knows which stored batches of holds are still needed. */
export interface HoldBatches {
  /** Numbers the holds that are stored together. */
  readonly add: (ids: readonly string[]) => number;
  readonly end: (id: string) => void;
  /** Batches none of whose holds is left, since it was last asked. */
  readonly takeOver: () => number[];
}

export interface HoldBatch {
  readonly number: number;
  /** Ids of the holds that have not ended. */
  readonly ids: readonly string[];
}

/** @param stored - every batch in the store */
export function createHoldBatches(stored: Iterable<HoldBatch>): HoldBatches {
  const batchOf = new Map<string, number>();
  const left = new Map<number, number>();
  let over: number[] = [];
  let last = 0;

  function put({ number, ids }: HoldBatch): void {
    if (number > last) last = number;
    if (ids.length === 0) over.push(number);
    else left.set(number, ids.length);
    for (const id of ids) batchOf.set(id, number);
  }
  for (const batch of stored) put(batch);

  return {
    add: (ids) => {
      put({ number: last + 1, ids });
      return last;
    },
    end: (id) => {
      const number = batchOf.get(id);
      if (number === undefined) return;
      batchOf.delete(id);
      const others = (left.get(number) ?? 1) - 1;
      if (others > 0) {
        left.set(number, others);
        return;
      }
      left.delete(number);
      over.push(number);
    },
    takeOver: () => {
      const taken = over;
      over = [];
      return taken;
    },
  };
}
