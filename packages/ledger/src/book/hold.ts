import type { HoldEntry, LimitQuery, ReserveRequest } from '../ledger.ts';
import type { Plan } from '../plan-draw.ts';
import type { QueuePlace } from '../rate.ts';
import { counted, type EntryDraw } from './journal.ts';

export interface Hold {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The same as an instant. */
  readonly atText: string;
  readonly expiresAt: number;
  readonly expiresInMs: number;
  /** On the even clock. */
  readonly deadline: number;
  readonly clampSteps: number | undefined;
  readonly granted: number | undefined;
  readonly draws: readonly HeldDraw[];
  readonly entry: HoldEntry;
}

/** A hold as a store keeps it. */
export type StoredHold = Omit<Hold, 'atText' | 'deadline' | 'draws'> & {
  readonly draws: readonly (LimitQuery & Omit<HeldDraw, 'plan'> & { readonly row: number })[];
};

export interface HeldDraw {
  readonly plan: Plan;
  /** What was asked for and what is held, in sub-units; they differ only when the call was clamped. */
  readonly asked: bigint;
  readonly minimum: bigint | undefined;
  readonly amount: bigint;
  readonly place?: QueuePlace;
}

/** A call that was admitted before the store heard of it. */
export interface AdmittedInAdvance {
  readonly request: ReserveRequest;
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** For each draw the hold that it is taken from; absent where nothing is counted. */
  readonly from: readonly (string | undefined)[];
}

/** What a hold keeps from being used, as an entry would count it. */
export function heldAsCounted({ plan, amount }: HeldDraw): EntryDraw {
  return counted(plan, amount);
}

export function plansOf({ draws }: Hold): Plan[] {
  return draws.map(({ plan }) => plan);
}
