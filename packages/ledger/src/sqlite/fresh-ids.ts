/**
 * Knows of most new ids that they are new, without looking: ids that sort by time are greater than all older
 * ones, and the recent ones are remembered. For ids that do not sort by time it never says so, and the store
 * is asked.
 */
export interface FreshIds {
  readonly isFresh: (id: string) => boolean;
  readonly add: (id: string) => void;
}

/** How many ids are remembered, at least. */
const remembered = 65_536;

const plain = /^[\u0020-\u007e]*$/;

/** @param greatest - of all ids that were ever recorded */
export function createFreshIds(greatest: string): FreshIds {
  let floor = greatest;
  let recent = new Set<string>();
  let older = new Set<string>();

  function forget(): void {
    for (const id of older) if (id > floor) floor = id;
    older = recent;
    recent = new Set();
  }

  return {
    // SQLite orders text by its bytes; for plain characters that is the order of JavaScript too.
    isFresh: (id) => id > floor && plain.test(id) && !recent.has(id) && !older.has(id),
    add: (id) => {
      recent.add(id);
      if (recent.size >= remembered) forget();
    },
  };
}
