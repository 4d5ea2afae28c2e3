/** Times at which something has to be looked at again, soonest first. */
export interface WakeUps<Item> {
  add(atMs: number, item: Item): void;
  /** @returns one that is due, or undefined when none is */
  next(nowMs: number): Item | undefined;
}

/** A binary heap: adding and taking grow with the logarithm of what waits. */
export function createWakeUps<Item>(): WakeUps<Item> {
  const heap: { readonly atMs: number; readonly item: Item }[] = [];
  const at = (index: number): number => heap[index]?.atMs ?? Number.POSITIVE_INFINITY;
  const swap = (left: number, right: number): void => {
    const held = heap[left] as (typeof heap)[number];
    heap[left] = heap[right] as (typeof heap)[number];
    heap[right] = held;
  };
  return {
    add(atMs, item) {
      heap.push({ atMs, item });
      let index = heap.length - 1;
      while (index > 0) {
        const parent = (index - 1) >> 1;
        if (at(parent) <= atMs) break;
        swap(index, parent);
        index = parent;
      }
    },
    next(nowMs) {
      const first = heap[0];
      if (first === undefined || first.atMs > nowMs) return undefined;
      const last = heap.pop() as (typeof heap)[number];
      if (heap.length === 0) return first.item;
      heap[0] = last;
      let index = 0;
      for (;;) {
        const left = 2 * index + 1;
        const smaller = at(left + 1) < at(left) ? left + 1 : left;
        if (at(smaller) >= at(index)) break;
        swap(index, smaller);
        index = smaller;
      }
      return first.item;
    },
  };
}
