import type { Permit } from '../failures/breaker.ts';
import type { Headers } from '../failures/failure.ts';
import { type QuotaNeed, smallestNeed } from '../quota/quota.ts';
import type { Key, Material } from './key.ts';
import { learnFrom, takeFrom } from './key-quota.ts';
import type { KeyStates } from './key-states.ts';
import type { Vault } from './vault.ts';

/** A key while an attempt uses it. */
export interface KeyLease {
  readonly keyId: string;
  readonly materialVersion: number;
  /** The material. The only way out of the pool. */
  secret(): string;
  /** Ends it; only the first call counts. @returns `again` when the same key should be tried with other material */
  end(outcome: KeyOutcome): 'done' | 'again';
}

export type KeyOutcome =
  | {
      readonly result: 'succeeded';
      readonly latencyMs: number;
      readonly headers: Headers;
      readonly used?: QuotaNeed;
    }
  | {
      readonly result: 'failed';
      /** Counts against the key's breaker. */
      readonly blamed: boolean;
      readonly effect?: 'throttle' | 'exhaust' | 'invalidate';
      /** For every key of the account. */
      readonly account: boolean;
      /** Of the rest, when the provider says. */
      readonly waitMs?: number;
      readonly headers: Headers;
      /** The id of the error class. */
      readonly trigger: string;
    }
  /** It says nothing about the key: cancelled, or never sent. */
  | { readonly result: 'neutral' };

export interface LeaseContext {
  readonly nowMs: () => number;
  readonly vault: Vault;
  readonly states: KeyStates;
  readonly cooldownMs: number;
  readonly exhaustedMs: number;
}

const nothing: QuotaNeed = { requests: 0, inputTokens: 0, outputTokens: 0 };

/** Takes a slot and a share of the quota, and gives back what was not used when it ends. */
export function leaseKey(key: Key, permit: Permit, need: QuotaNeed, context: LeaseContext): KeyLease {
  const { nowMs, vault, states } = context;
  const startedAtMs = nowMs();
  const { quota, members } = key.group;
  const material = materialOf(key, startedAtMs);
  const settleQuota = changingGroup(startedAtMs, () => takeFrom(key, need, startedAtMs));
  key.inFlight += 1;
  key.usageCount += 1;
  key.lastUsedAtMs = startedAtMs;
  if (permit.probe || key.metadata.maxConcurrent !== undefined || key.own?.known) states.refresh(key);
  let ended = false;

  return {
    keyId: key.id,
    materialVersion: material.version,
    secret: () => vault.open(material.sealed),
    end(outcome) {
      if (ended) return 'done';
      ended = true;
      key.inFlight -= 1;
      const now = nowMs();
      const again = changingGroup(now, () => apply(outcome, now));
      states.refresh(key);
      return again ? 'again' : 'done';
    },
  };

  /** When the account runs out, or is full again, all of its keys leave or enter the draw. */
  function changingGroup<Result>(now: number, change: () => Result): Result {
    const fitted = quota.fits(smallestNeed, now);
    const result = change();
    if (quota.known && quota.fits(smallestNeed, now) !== fitted)
      for (const member of members) states.refresh(member);
    return result;
  }

  /** @returns whether the same key should be tried with other material */
  function apply(outcome: KeyOutcome, now: number): boolean {
    if (outcome.result === 'neutral') {
      permit.neutral(now);
      settleQuota(nothing);
      return false;
    }
    if (outcome.result === 'succeeded') {
      permit.succeeded(now);
      settleQuota(outcome.used);
      learnFrom(key, outcome.headers, now);
      key.latency.observe(outcome.latencyMs, now);
      key.success.observe(true, now);
      if (key.state === 'recovering') states.enter(key, 'available', 'success');
      return false;
    }
    settleQuota({ requests: 1, inputTokens: 0, outputTokens: 0 });
    learnFrom(key, outcome.headers, now);
    const replaced = outcome.effect === 'invalidate' && isReplaced(key, material, now);
    if (outcome.blamed && !replaced) {
      permit.failed(now);
      key.success.observe(false, now);
    } else permit.neutral(now);
    if (replaced) return true;
    key.failureCount += 1;
    applyEffect(outcome, now);
    return false;
  }

  function applyEffect(
    { effect, account, waitMs, trigger }: Extract<KeyOutcome, { result: 'failed' }>,
    now: number,
  ): void {
    if (effect === 'invalidate') states.enter(key, 'invalid', trigger);
    for (const fellow of account ? members : [key]) {
      if (effect === 'throttle' && fellow.state !== 'exhausted') {
        states.enter(fellow, 'throttled', trigger, now + (waitMs ?? context.cooldownMs));
      } else if (effect === 'exhaust') {
        states.enter(fellow, 'exhausted', trigger, now + Math.max(waitMs ?? 0, context.exhaustedMs));
      }
    }
  }
}

function materialOf(key: Key, nowMs: number): Material {
  const { previous } = key;
  return key.usesPrevious && previous !== undefined && nowMs < previous.untilMs
    ? previous.material
    : key.material;
}

/** Refused material that has other material of the same key beside it is no verdict on the key. */
function isReplaced(key: Key, refused: Material, nowMs: number): boolean {
  if (refused.version < key.material.version) return !key.usesPrevious;
  if (key.previous === undefined || nowMs >= key.previous.untilMs) return false;
  key.usesPrevious = true;
  return true;
}
