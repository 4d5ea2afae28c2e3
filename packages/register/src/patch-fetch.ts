type Fetch = typeof globalThis.fetch;

/** A global `fetch` that was replaced. */
export interface FetchPatch {
  /**
   * Puts back what was there. Where somebody else has replaced `fetch` since, theirs stays, and what they
   * call behind it does nothing any more but call on.
   */
  undo(): void;
}

/** Replaces the global `fetch` by one that is made from it. */
export function patchFetch(replacement: (original: Fetch) => Fetch): FetchPatch {
  const original = globalThis.fetch;
  const governed = replacement(original);
  let undone = false;
  const fetch: Fetch = (input, init) => (undone ? original(input, init) : governed(input, init));
  globalThis.fetch = fetch;
  return {
    undo: () => {
      undone = true;
      if (globalThis.fetch === fetch) globalThis.fetch = original;
    },
  };
}
