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
  readonly windows: readonly QuotaWindow[];
}

/** What one replica knows of a provider or a model at a provider. */
export interface BreakerFact {
  readonly id: string;
  readonly breaker: BreakerSnapshot;
}

/** Everything that replicas tell one another. Facts may come in any order, and more than once. */
export interface RouterState {
  readonly keys: readonly KeyFact[];
  readonly breakers: readonly BreakerFact[];
}
