import type { BreakerSnapshot } from '../failures/breaker.ts';
import type { KeyState } from '../keys/key-state.ts';
import type { QuotaWindow } from '../quota/window.ts';

/** What one replica knows of a key. Nothing secret. */
export interface KeyFact {
  readonly id: string;
  readonly state: KeyState;
  readonly stateUpdatedAtMs: number;
  readonly restsUntilMs: number;
  readonly breaker: BreakerSnapshot;
  /** Of its account. */
  readonly windows: readonly QuotaWindow[];
  /** Of the key alone, where it shares an account. */
  readonly own?: readonly QuotaWindow[];
}

/** What one replica knows of a provider or a model at a provider. */
export interface BreakerFact {
  readonly id: string;
  readonly breaker: BreakerSnapshot;
}

/** Where a session is served. */
export interface SessionFact {
  readonly sessionId: string;
  readonly targetId: string;
  readonly keyId?: string;
  readonly atMs: number;
}

/** Everything that replicas tell one another. Facts may come in any order, and more than once. */
export interface RouterState {
  readonly keys: readonly KeyFact[];
  readonly breakers: readonly BreakerFact[];
  /** The sessions used last. */
  readonly sessions?: readonly SessionFact[];
}
