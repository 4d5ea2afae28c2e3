import { createExpiryQueue } from '../expiry-queue.ts';
import type { Hold } from './hold.ts';

/** The holds that have not ended, by id and by when they fall due. */
export interface Holds {
  readonly get: (id: string) => Hold | undefined;
  /** Puts it in the place of one with the same id. */
  readonly put: (hold: Hold) => void;
  readonly remove: (id: string) => void;
  /** The one that falls due first, when it is due; it stays until it is removed. */
  readonly firstDue: (steadyMs: number) => Hold | undefined;
  /** None falls due before; on the even clock, in milliseconds. */
  readonly nextDeadline: () => number;
  readonly all: () => Iterable<Hold>;
}

export function createHolds(): Holds {
  const holds = new Map<string, Hold>();
  const expiry = createExpiryQueue<Hold>();
  const isCurrent = (hold: Hold): boolean => holds.get(hold.id) === hold;

  /** What has ended goes from the queue too, when there is much of it. */
  function forgetOver(): void {
    if (expiry.size > 1000 + 2 * holds.size) expiry.keep(isCurrent);
  }

  return {
    get: (id) => holds.get(id),
    put: (hold) => {
      holds.set(hold.id, hold);
      expiry.add(hold);
      forgetOver();
    },
    remove: (id) => {
      holds.delete(id);
      forgetOver();
    },
    firstDue: (steadyMs) => {
      let hold = expiry.takeDue(steadyMs);
      while (hold !== undefined && !isCurrent(hold)) hold = expiry.takeDue(steadyMs);
      return hold;
    },
    nextDeadline: expiry.nextDeadline,
    all: () => holds.values(),
  };
}
