import type { Breaker } from '../failures/breaker.ts';
import type { PeakEwma } from '../measure/peak-ewma.ts';
import type { SuccessRate } from '../measure/success-rate.ts';
import type { Quota } from '../quota/quota.ts';
import type { KeyState } from './key-state.ts';
import type { SealedSecret } from './vault.ts';

/** What is known of a key besides its material. */
export interface KeyMetadata {
  /** Such as `premium`; targets may ask for one. */
  readonly tier?: string;
  readonly region?: string;
  /** Only this team's calls may use it. @default everybody's */
  readonly team?: string;
  /** Keys of one account share its quotas, its throttling and its credit. */
  readonly account?: string;
  /** The only models that it may be used for. @default all */
  readonly models?: readonly string[];
  /** Its share of the traffic among its like; may be as small as you please. @default 1 */
  readonly weight?: number;
  /** Attempts at the same time. @default no limit */
  readonly maxConcurrent?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A key as anybody may see it: nothing secret is in it. */
export interface KeyView {
  readonly id: string;
  readonly provider: string;
  readonly state: KeyState;
  /** Instants. */
  readonly createdAt: string;
  readonly stateUpdatedAt: string;
  readonly lastUsedAt?: string;
  readonly cooldownUntil?: string;
  readonly usageCount: number;
  readonly failureCount: number;
  readonly inFlight: number;
  /** 1 at first, one more with each rotation. */
  readonly materialVersion: number;
  readonly metadata: KeyMetadata;
}

/** Material of a key; the one before stays for a while after a rotation. */
export interface Material {
  readonly version: number;
  readonly sealed: SealedSecret;
}

/** Keys that share capacity: all of one account, or one alone. */
export interface QuotaGroup {
  readonly id: string;
  readonly quota: Quota;
  readonly members: Key[];
}

/** A key with everything that changes about it. Stays inside the pool. */
export interface Key {
  readonly id: string;
  readonly provider: string;
  readonly metadata: KeyMetadata;
  readonly createdAtMs: number;
  readonly group: QuotaGroup;
  /** What it may use of the group's capacity by itself; absent where it is the whole group. */
  readonly own: Quota | undefined;
  readonly breaker: Breaker;
  readonly latency: PeakEwma;
  readonly success: SuccessRate;
  state: KeyState;
  stateUpdatedAtMs: number;
  /** Throttled until then, or exhausted until then. */
  restsUntilMs: number;
  lastUsedAtMs: number | undefined;
  usageCount: number;
  failureCount: number;
  inFlight: number;
  material: Material;
  previous: { readonly material: Material; readonly untilMs: number } | undefined;
  /** The current material was refused while the one before was still good. */
  usesPrevious: boolean;
}

export function viewOf(key: Key): KeyView {
  const instant = (ms: number): string => new Date(ms).toISOString();
  const rests = key.state === 'throttled' || key.state === 'exhausted';
  return {
    id: key.id,
    provider: key.provider,
    state: key.state,
    createdAt: instant(key.createdAtMs),
    stateUpdatedAt: instant(key.stateUpdatedAtMs),
    ...(key.lastUsedAtMs !== undefined && { lastUsedAt: instant(key.lastUsedAtMs) }),
    ...(rests && { cooldownUntil: instant(key.restsUntilMs) }),
    usageCount: key.usageCount,
    failureCount: key.failureCount,
    inFlight: key.inFlight,
    materialVersion: key.material.version,
    metadata: key.metadata,
  };
}
