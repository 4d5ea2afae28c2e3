import type { RouterState } from './facts.ts';

/**
 * Where replicas meet. Small on purpose: a store keeps, for each replica, the last state that it put there,
 * and hands back what the others put. Merging is the router's: it takes facts in any order, any number of
 * times, so that no lock and no transaction is needed.
 */
export interface RouterStateStore {
  /**
   * Keeps this replica's state for a while.
   *
   * @param expiresInMs - after this the state of a replica that died is forgotten
   */
  put(replica: string, state: RouterState, expiresInMs: number): Promise<void>;
  /** What the other replicas put and what is not forgotten. */
  others(replica: string): Promise<readonly RouterState[]>;
}

/** For replicas within one process, and for tests. */
export function createMemoryStateStore(nowMs: () => number): RouterStateStore {
  const states = new Map<string, { readonly state: RouterState; readonly untilMs: number }>();
  return {
    async put(replica, state, expiresInMs) {
      states.set(replica, { state: structuredClone(state), untilMs: nowMs() + expiresInMs });
    },
    async others(replica) {
      const now = nowMs();
      return [...states]
        .filter(([owner, { untilMs }]) => owner !== replica && now < untilMs)
        .map(([, { state }]) => state);
    },
  };
}
