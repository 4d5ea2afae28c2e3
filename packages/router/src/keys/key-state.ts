/** What a key can do now. */
export type KeyState = 'available' | 'throttled' | 'exhausted' | 'recovering' | 'disabled' | 'invalid';

export const keyStates = [
  'available',
  'throttled',
  'exhausted',
  'recovering',
  'disabled',
  'invalid',
] as const satisfies readonly KeyState[];

/**
 * Which state may follow which. A key can run out while it is throttled, and be throttled while it
 * recovers; a revoked key comes back only by hand, an invalid one by new material (to `recovering`) or by
 * being disabled first.
 */
export const keyTransitions: Readonly<Record<KeyState, readonly KeyState[]>> = {
  available: ['throttled', 'exhausted', 'disabled', 'invalid'],
  throttled: ['available', 'exhausted', 'disabled', 'invalid'],
  exhausted: ['recovering', 'disabled', 'invalid'],
  recovering: ['available', 'throttled', 'exhausted', 'disabled', 'invalid'],
  disabled: ['available', 'invalid'],
  invalid: ['disabled', 'recovering'],
};

export function mayFollow(from: KeyState, to: KeyState): boolean {
  return keyTransitions[from].includes(to);
}

/** One change, as it is recorded. Never has key material in it. */
export interface StateTransition {
  readonly entityType: 'key';
  readonly entityId: string;
  /** Whose key it is. */
  readonly provider: string;
  readonly fromState: KeyState;
  readonly toState: KeyState;
  /** An instant. */
  readonly timestamp: string;
  /** What brought it about: the id of an error class, `cooldown_over`, `reset`, `success`, `by_hand` … */
  readonly trigger: string;
  readonly until?: string;
}

/** Reads a state in any case, as people and the older systems write it. */
export function parseKeyState(text: string): KeyState | undefined {
  return keyStates.find((state) => state === text.toLowerCase());
}
