import { createHash } from 'node:crypto';
import { type AttemptTiming, ConfigurationError, type Cost, type StageTiming } from '@genops/core';
import type { AttemptContext, AttemptEnd, PlannedRoute } from '@genops/router';
import { type Attempt, attempt } from './attempt.ts';
import { holdHeaders } from './deliver.ts';
import type { IdentifiedCall } from './identify.ts';
import type { Line } from './line.ts';
import { type Metered, meter } from './meter.ts';
import type { Itinerary, Plan } from './plan.ts';
import { price } from './price.ts';
import { type Hold, reserveNext } from './reserve.ts';
import { type Settlement, settle } from './settle.ts';
import { stopwatch } from './stopwatch.ts';
import type { Client, Transport } from './transport.ts';

/** One attempt from its hold to its entry. */
export interface Leg {
  readonly plan: Plan;
  readonly hold: Hold;
  readonly attempt: Attempt;
  readonly metered: Metered;
  readonly cost: Cost;
  readonly settled: Settlement;
  readonly timing: LegTiming;
}

type LegTiming = Omit<AttemptTiming, keyof StageTiming>;

export interface Travelled {
  readonly counts: Leg;
  readonly legs: readonly Leg[];
}

export interface Trip {
  readonly identified: IdentifiedCall;
  readonly itinerary: Itinerary;
  /** For the first attempt, of the dearest route of the plan. */
  readonly hold: Hold;
  readonly transport: Transport;
  readonly client: Client;
}

/**
 * Makes attempts until one succeeds or nothing is left to try. Each is settled before the next one begins,
 * and each but the first has its hold taken then, of its own route: what an attempt did not use is free
 * for the next, no limit is ever held twice for one call, and an attempt that no longer fits is not made.
 *
 * @returns every attempt, and the one that counts: the one that succeeded, else the last one
 */
export async function travel(line: Line, trip: Trip): Promise<Travelled> {
  const { identified, itinerary, client } = trip;
  const legs: Leg[] = [];
  const attemptOnce = async (context: AttemptContext): Promise<AttemptEnd<Leg | undefined>> => {
    const plan = withKey(itinerary.planOf(context.route), context);
    const hold =
      context.number === 1 ? trip.hold : await reserveNext(line, identified, plan, trip.hold, context.number);
    if (hold === undefined) return { result: 'refused', answer: legs.at(-1) };
    const leg = await fly(line, trip, plan, hold, context);
    legs.push(leg);
    return endOf(leg);
  };
  const run = await line.router.run(itinerary.routes, {
    attemptOnce,
    deadlineMs: line.options.timeoutMs,
    signal: client.gone,
    bodyHash: () => createHash('sha256').update(identified.request.body).digest('base64'),
  });
  const counts = run.answer ?? legs.at(-1) ?? (await notMade(line, trip));
  return { counts, legs: legs.length === 0 ? [counts] : legs };
}

/** One attempt: sent, metered, priced, settled. */
async function fly(line: Line, trip: Trip, plan: Plan, hold: Hold, context: AttemptContext): Promise<Leg> {
  const { identified, transport, client } = trip;
  const startedAt = line.now();
  const lap = stopwatch();
  const attempted = await attempt({
    plan: reliesOnBound(hold) ? plan : { ...plan, maxOutputTokens: undefined },
    identified,
    transport,
    client,
    limits: line.options,
    headers: holdHeaders(identified, hold),
    context,
  });
  return land(line, trip, plan, hold, attempted, { startedAt, durationMs: lap() });
}

/** Only where a limit would refuse more than was held is it worth changing what the caller wrote. */
function reliesOnBound({ draws }: Hold): boolean {
  return draws.some(
    ({ limit: { mode, unit } }) => mode === 'enforced' && (unit === 'money' || unit === 'tokens'),
  );
}

async function land(
  line: Line,
  { identified }: Trip,
  plan: Plan,
  hold: Hold,
  attempted: Attempt,
  took: { readonly startedAt: Date; readonly durationMs: number },
): Promise<Leg> {
  if (attempted.result === 'failed' && attempted.error.kind === 'misconfigured') {
    const { message, cause } = attempted.error;
    line.onError(new ConfigurationError(`provider ${plan.route.target.provider.id}`, message, { cause }));
  }
  const metered = meter(identified, plan, attempted);
  const lap = stopwatch();
  const cost = price(line, identified, plan, hold.at, metered);
  const pricingMs = lap();
  const settled = await settle(line, { identified, plan, hold, attempt: attempted, metered, cost });
  const firstByteMs = attempted.result === 'failed' ? undefined : attempted.firstByteMs;
  const timing: LegTiming = {
    startedAt: took.startedAt.toISOString(),
    durationMs: took.durationMs,
    pricingMs,
    ...(firstByteMs !== undefined && { timeToFirstByteMs: firstByteMs }),
  };
  return { plan, hold, attempt: attempted, metered, cost, settled, timing };
}

/** Something closed between the plan and the first attempt, or the caller went away: the hold is let go. */
function notMade(line: Line, trip: Trip): Promise<Leg> {
  const [first] = trip.itinerary.routes.routes;
  const attempted: Attempt = {
    result: 'failed',
    error: { kind: 'not_sent', message: 'No route was open' },
    cancelled: trip.client.gone.aborted,
    facts: {},
  };
  const planned = trip.itinerary.planOf(first as PlannedRoute);
  return land(line, trip, planned, trip.hold, attempted, { startedAt: line.now(), durationMs: 0 });
}

/** The key that the pool chose takes the place of any other. */
function withKey(plan: Plan, { route, secret }: AttemptContext): Plan {
  if (route.keyId === undefined || secret === undefined) return plan;
  const target = { ...plan.route.target, apiKey: { id: route.keyId, secret: secret() } };
  return { ...plan, route: { ...plan.route, target } };
}

/** The most of an error's body that is read to find out what it means. */
const readErrorBytes = 65_536;

/** What an attempt means to the router. */
function endOf(leg: Leg): AttemptEnd<Leg> {
  const { attempt: made, metered } = leg;
  if (made.result === 'failed') {
    if (made.cancelled) return { result: 'cancelled', answer: leg };
    return { result: 'failed', answer: leg, failure: made.error };
  }
  if (made.result === 'streamed') {
    if (made.cancelled) return { result: 'cancelled', answer: leg };
    if (made.broken !== undefined) return { result: 'failed', answer: leg, failure: made.broken };
  } else if (made.status >= 300) {
    const body = Buffer.from(made.body.subarray(0, readErrorBytes)).toString('utf8');
    const failure = { kind: 'status' as const, status: made.status, headers: made.headers, body };
    return { result: 'failed', answer: leg, failure };
  }
  if (made.result === 'answered' && isTorn(made)) {
    return { result: 'failed', answer: leg, failure: { kind: 'broken', message: 'The answer is not JSON' } };
  }
  if (made.facts.error !== undefined) {
    return { result: 'failed', answer: leg, failure: { kind: 'in_answer', ...made.facts.error } };
  }
  const { inputTokens, outputTokens } = metered.usage ?? {};
  return {
    result: 'succeeded',
    answer: leg,
    headers: made.headers,
    ...(made.firstByteMs !== undefined && { timeToFirstTokenMs: made.firstByteMs }),
    ...(inputTokens !== undefined && { used: { requests: 1, inputTokens, outputTokens: outputTokens ?? 0 } }),
  };
}

/** Says that it is JSON, or is a page for people, and does not look like an object from its first to its last byte. */
function isTorn({ headers, body }: Extract<Attempt, { result: 'answered' }>): boolean {
  const type = headers['content-type'] ?? '';
  if (!type.includes('application/json') && !type.includes('text/html')) return false;
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const head = text.subarray(0, 64).toString('latin1').trimStart();
  const tail = text.subarray(-64).toString('latin1').trimEnd();
  return !(/^[{[]/.test(head) && /[}\]]$/.test(tail));
}
