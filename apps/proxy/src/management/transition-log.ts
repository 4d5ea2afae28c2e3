import type { StateTransition } from '@genops/router';

/** The last changes of keys, the newest first. */
export interface TransitionLog {
  add(transition: StateTransition): void;
  /** Of one key, or of all. */
  of(keyId?: string): readonly StateTransition[];
}

export function createTransitionLog(most = 1_000): TransitionLog {
  const kept: StateTransition[] = [];
  return {
    add: (transition) => {
      kept.unshift(transition);
      if (kept.length > most) kept.pop();
    },
    of: (keyId) => kept.filter(({ entityId }) => keyId === undefined || entityId === keyId),
  };
}
