import { readAccount } from '../account.ts';
import { admit, type PlannedDraw } from '../admit.ts';
import { createLimitCompiler } from '../compiled-limit.ts';
import type { DurableLedger, ReserveRequest, ReserveResult } from '../ledger.ts';
import { createDrawPlanner, type Moment } from '../plan-draw.ts';
import { openWatchedLedger, type PostgresLedgerOptions } from '../postgres/ledger.ts';
import type { BatchDone } from '../postgres/queue.ts';
import { presentState } from '../present.ts';
import { toSubunits } from '../subunits.ts';
import { checkReserve } from '../validate.ts';
import { createWindowFinder } from '../window.ts';
import { createBreaker } from './breaker.ts';
import type { RedisClient } from './client.ts';
import { createShield } from './shield.ts';

export interface RedisLedgerOptions extends Omit<PostgresLedgerOptions, 'leases'> {
  /** Such as `new Redis(url)` or `new Cluster(nodes)` of `ioredis`. It is not ended by the ledger. */
  readonly redis: RedisClient;
  /**
   * How old a refusal may be at most: after that, the ledger itself is asked again.
   *
   * @default 1000
   */
  readonly copyLivesMs?: number;
  /**
   * How long Redis may take before a call goes on without it.
   *
   * @default 100
   */
  readonly redisTimeoutMs?: number;
  /** Told what goes wrong with Redis. Calls go on without it, so nobody else notices. */
  readonly onRedisError?: (error: unknown) => void;
}

/** Failures in a row after which Redis is left alone, and for how long. */
const breaker = { failures: 5, pauseMs: 5000 } as const;

/** How long an id that was dealt with is remembered, beyond the longest hold that is usual. */
const idLivesMs = 15 * 60_000;

/**
 * A Postgres ledger behind copies in Redis of the limits that have run out: calls that cannot be admitted are
 * refused from there and never reach the database, however many come.
 *
 * Postgres alone admits. Redis only ever refuses, and only for as long as a copy lives; when it loses what it
 * has, falls behind or falls silent, calls go to Postgres, and nothing is ever overspent.
 *
 * @throws {LedgerUnavailableError} when the database does not answer
 */
export async function openRedisLedger(options: RedisLedgerOptions): Promise<DurableLedger> {
  const {
    redis,
    schema = 'genops_ledger',
    copyLivesMs = 1000,
    redisTimeoutMs = 100,
    onRedisError,
    now,
  } = options;
  const shield = createShield({ redis, prefix: `genops:${schema}`, copyLivesMs, idLivesMs });
  const safely = createBreaker({
    ...breaker,
    timeoutMs: redisTimeoutMs,
    onError: onRedisError ?? (() => {}),
  });
  const compile = createLimitCompiler();
  const planDraw = createDrawPlanner(compile, createWindowFinder());
  const ledger = await openWatchedLedger(options, async (done) => {
    await safely.run(() => publish(done));
  });

  async function publish({ version, nextExpiry, book, refused, changed, ids }: BatchDone): Promise<void> {
    const known = (keys: Iterable<string>) => [...keys].flatMap((key) => book.account(key) ?? []);
    await shield.publish({
      version,
      trueUntil: nextExpiry,
      exhausted: known(refused),
      changed: known([...changed].filter((key) => !refused.has(key))),
      ids,
    });
  }

  /** @returns a refusal that the copies are sure of */
  async function refuse(request: ReserveRequest): Promise<ReserveResult | undefined> {
    const { id, draws, clampSteps } = request;
    if (draws.length === 0) return undefined;
    const accounts = draws.map(({ limit, bucket }) => compile(limit).accountPrefix + bucket);
    const look = await safely.run(() => shield.look(id, accounts));
    if (look === undefined || look.idKnown) return undefined;
    const time = now?.().getTime() ?? look.now;
    const moment: Moment = { wall: time, steady: time };
    const planned: PlannedDraw[] = [];
    for (const [index, draw] of draws.entries()) {
      const plan = planDraw(draw, moment);
      const copy = look.copies[index];
      const countsNothing = plan.counting === 'call';
      if (!countsNothing && (copy === undefined || copy.trueUntil <= time)) return undefined;
      planned.push({
        plan,
        account: countsNothing ? undefined : copy?.account,
        amount: toSubunits(draw.amount),
        minimum: draw.minimum === undefined ? undefined : toSubunits(draw.minimum),
      });
    }
    const admission = admit(planned, clampSteps, moment);
    if (admission.result === 'admitted') return undefined;
    return {
      result: 'refused',
      at: new Date(time).toISOString(),
      shortfall: admission.shortfall,
      states: planned.map(({ plan, account }) =>
        presentState(plan, readAccount(plan, account, BigInt(time) * 1000n)),
      ),
    };
  }

  return {
    ...ledger,
    driver: 'redis',
    reserve: async (request) => {
      checkReserve(request);
      return (await refuse(request)) ?? ledger.reserve(request);
    },
  };
}
