/** Remembers the ids that were seen lately, so that one that comes again is not taken for a new one. */
export interface KnownIds {
  readonly has: (id: string) => boolean;
  readonly add: (id: string) => void;
}

/** How many are remembered, at least. */
const remembered = 65_536;

export function createKnownIds(): KnownIds {
  let recent = new Set<string>();
  let older = new Set<string>();
  return {
    has: (id) => recent.has(id) || older.has(id),
    add: (id) => {
      recent.add(id);
      if (recent.size < remembered) return;
      older = recent;
      recent = new Set();
    },
  };
}
