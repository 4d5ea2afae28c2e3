import { classify, type ErrorClass } from '../failures/error-classes.ts';
import { wordsOf } from '../failures/failure.ts';
import type { RequestBlame } from '../failures/request-blame.ts';
import { retryAfterMs, type WaitBounds } from '../failures/retry-after.ts';
import type { KeyPool } from '../keys/key-pool.ts';
import type { KeyLease } from '../keys/lease.ts';
import type { PlacePermit, Places } from '../places.ts';
import type { PlannedRoute } from '../plan.ts';
import type { QuotaNeed } from '../quota/quota.ts';
import type { AttemptContext, AttemptEnd, AttemptOnce } from './attempt.ts';

export interface MakeContext {
  readonly nowMs: () => number;
  readonly pool: KeyPool;
  readonly places: Places;
  readonly blame: RequestBlame;
  readonly waits: WaitBounds;
  readonly table: readonly ErrorClass[];
}

/** Leave to make an attempt: of the key, the provider and the target. */
export interface Admission {
  readonly route: PlannedRoute;
  readonly lease: KeyLease | undefined;
  readonly permit: PlacePermit;
}

/** What came of an attempt, and what it means. */
export interface Made<Answer> {
  readonly end: AttemptEnd<Answer>;
  readonly errorClass?: ErrorClass;
  /** What the provider asked to wait. */
  readonly waitMs?: number;
  /** The same key has other material that is to be tried. */
  readonly again: boolean;
  readonly durationMs: number;
}

/** @returns nothing when the key is taken or resting, or a breaker is open: then there is no attempt */
export function admit(route: PlannedRoute, need: QuotaNeed, context: MakeContext): Admission | undefined {
  const { pool, places, nowMs } = context;
  const permit = places.acquire(route.target, nowMs());
  if (permit === undefined) return undefined;
  if (route.keyId === undefined) return { route, lease: undefined, permit };
  const lease = pool.lease(route.keyId, need);
  if (lease !== undefined) return { route, lease, permit };
  permit.end('neutral', nowMs());
  return undefined;
}

/** Makes an attempt, and tells key, target and provider how it went. Leave is given back whatever happens. */
export async function makeAttempt<Answer>(
  { route, lease, permit }: Admission,
  attemptOnce: AttemptOnce<Answer>,
  attempt: Omit<AttemptContext, 'route' | 'secret'>,
  bodyHash: (() => string) | undefined,
  context: MakeContext,
): Promise<Made<Answer>> {
  const { nowMs, places } = context;
  const health = places.health(route.target);
  const startedAtMs = nowMs();
  health.inFlight += 1;
  health.uses += 1;
  let end: AttemptEnd<Answer>;
  try {
    end = await attemptOnce({ ...attempt, route, ...(lease !== undefined && { secret: lease.secret }) });
  } catch (error) {
    permit.end('neutral', nowMs());
    lease?.end({ result: 'neutral' });
    throw error;
  } finally {
    health.inFlight -= 1;
  }
  const now = nowMs();
  const durationMs = now - startedAtMs;

  switch (end.result) {
    case 'cancelled':
    case 'refused':
      permit.end('neutral', now);
      lease?.end({ result: 'neutral' });
      return { end, again: false, durationMs };
    case 'succeeded':
      permit.end('succeeded', now);
      health.success.observe(true, now);
      health.latency.observe(durationMs, now);
      health.timeToFirstToken.observe(end.timeToFirstTokenMs ?? durationMs, now);
      lease?.end({
        result: 'succeeded',
        latencyMs: durationMs,
        headers: end.headers,
        ...(end.used !== undefined && { used: end.used }),
      });
      return { end, again: false, durationMs };
    case 'failed': {
      const words = wordsOf(route.target.provider, end.failure);
      const errorClass = classify(words, context.table);
      const waitMs = retryAfterMs(words.headers, words.json, now, context.waits);
      const { blame } = errorClass;
      const theirs = blame === 'provider' || blame === 'model';
      permit.end(theirs ? { failed: blame } : 'neutral', now);
      if (theirs) health.success.observe(false, now);
      const again = lease?.end({
        result: 'failed',
        blamed: (blame === 'key' || blame === 'provider') && !isRequestsFault(lease.keyId, bodyHash, context),
        account: blame === 'account',
        headers: words.headers,
        trigger: errorClass.id,
        ...(errorClass.key !== undefined && { effect: errorClass.key }),
        ...(waitMs !== undefined && { waitMs }),
      });
      return {
        end,
        errorClass,
        again: again === 'again',
        durationMs,
        ...(waitMs !== undefined && { waitMs }),
      };
    }
  }
}

function isRequestsFault(
  keyId: string,
  bodyHash: (() => string) | undefined,
  { blame }: MakeContext,
): boolean {
  return bodyHash !== undefined && blame.failed(bodyHash(), keyId);
}
