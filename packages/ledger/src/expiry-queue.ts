/** Items by the time at which they fall due. */
export interface ExpiryQueue<Item> {
  readonly size: number;
  readonly add: (item: Item) => void;
  /** Takes out the item that is due first, when it is due. */
  readonly takeDue: (now: number) => Item | undefined;
  /** When the first item falls due; infinity when there is none. */
  readonly nextDeadline: () => number;
  /** Forgets the items that are no longer wanted. */
  readonly keep: (wanted: (item: Item) => boolean) => void;
}

export interface Due {
  /** When it falls due, in milliseconds. */
  readonly deadline: number;
  /** Decides between items that fall due together. */
  readonly id: string;
}

/** A binary heap: adding is cheap when items come roughly in the order in which they fall due. */
export function createExpiryQueue<Item extends Due>(): ExpiryQueue<Item> {
  let heap: Item[] = [];

  function rise(index: number, item: Item): void {
    let at = index;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt] as Item;
      if (compare(parent, item) <= 0) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = item;
  }

  function sink(item: Item): void {
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      if (childAt >= heap.length) break;
      const right = heap[childAt + 1];
      if (right !== undefined && compare(right, heap[childAt] as Item) < 0) childAt += 1;
      const child = heap[childAt] as Item;
      if (compare(item, child) <= 0) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = item;
  }

  return {
    get size() {
      return heap.length;
    },
    add: (item) => rise(heap.length, item),
    takeDue: (now) => {
      const first = heap[0];
      if (first === undefined || first.deadline > now) return undefined;
      const last = heap.pop() as Item;
      if (heap.length > 0) sink(last);
      return first;
    },
    nextDeadline: () => heap[0]?.deadline ?? Number.POSITIVE_INFINITY,
    keep: (wanted) => {
      // A sorted array is a heap.
      heap = heap.filter(wanted).sort(compare);
    },
  };
}

function compare(left: Due, right: Due): number {
  return left.deadline - right.deadline || (left.id < right.id ? -1 : 1);
}
