import { Decimal, type Decision, type Refusal, refusalCode } from '@genops/core';
import type { Draw, ReserveResult, Shortfall } from '@genops/ledger';
import type { MatchedLimit } from '@genops/policy';
import type { Verdict } from './decide.ts';
import type { IdentifiedCall } from './identify.ts';
import type { Line } from './line.ts';
import type { Itinerary, Plan } from './plan.ts';

/** What is held for an attempt, and the decision as it stands with the limits' answers in it. */
export interface Hold {
  readonly id: string;
  readonly attempt: number;
  readonly at: string;
  readonly draws: readonly Draw[];
  readonly decision: Decision;
  /** The ledger could not be asked, and nothing is refused for that: it is booked when it is over. */
  readonly unheld?: true;
}

export type Reservation =
  | { readonly result: 'held'; readonly hold: Hold }
  | { readonly result: 'refused'; readonly decision: Decision; readonly refusal: Refusal };

/**
 * Holds the bounds of the dearest route over every limit, or none. The check is the reservation: no balance
 * is read before. When the ledger does not answer, the call is refused: money fails closed. Whoever only
 * observes refuses nothing: such a call goes out unheld, and is booked afterwards.
 */
export async function reserve(
  line: Line,
  identified: IdentifiedCall,
  verdict: Verdict,
  { dearest, routing }: Itinerary,
): Promise<Reservation> {
  const decision = { ...verdict.decision, routing };
  const draws = limitsAt(line, identified, dearest).map((matched) => drawOn(matched, dearest, 1));
  let reserved: ReserveResult;
  try {
    reserved = await hold(line, identified, dearest, draws, decision, 1);
  } catch (error) {
    line.onError(error);
    if (line.options.mode === 'observe')
      return { result: 'held', hold: unheld(line, identified, draws, decision, 1) };
    return refused(decision, unavailable(error));
  }
  if (reserved.result === 'conflict') return refused(decision, unavailable(new Error(reserved.message)));
  if (reserved.result === 'refused') {
    return refused({ ...decision, limits: reserved.states }, exceeded(reserved.shortfall));
  }
  return { result: 'held', hold: heldBy(line, identified, reserved, draws, decision, 1) };
}

/**
 * Holds the bounds of one route for another attempt at the same call.
 *
 * @returns undefined when it does not fit any more, or the ledger does not answer: the attempt is not made
 */
export async function reserveNext(
  line: Line,
  identified: IdentifiedCall,
  plan: Plan,
  { decision }: Hold,
  attempt: number,
): Promise<Hold | undefined> {
  const draws = limitsAt(line, identified, plan).map((matched) => drawOn(matched, plan, attempt));
  try {
    const reserved = await hold(line, identified, plan, draws, decision, attempt);
    return reserved.result === 'held'
      ? heldBy(line, identified, reserved, draws, decision, attempt)
      : undefined;
  } catch (error) {
    line.onError(error);
    return line.options.mode === 'observe' ? unheld(line, identified, draws, decision, attempt) : undefined;
  }
}

function unheld(
  line: Line,
  { call }: IdentifiedCall,
  draws: readonly Draw[],
  decision: Decision,
  attempt: number,
): Hold {
  return {
    id: `${call.id}.${attempt}`,
    attempt,
    at: line.now().toISOString(),
    draws,
    decision,
    unheld: true,
  };
}

/** The limits of whoever serves, which need not be whom the caller addressed. */
function limitsAt(line: Line, { call }: IdentifiedCall, { route }: Plan): readonly MatchedLimit[] {
  return line.limits.of({ ...call, provider: route.target.provider.id, requestModel: route.requestModel });
}

function hold(
  line: Line,
  { call }: IdentifiedCall,
  { route, cost }: Plan,
  draws: readonly Draw[],
  decision: Decision,
  attempt: number,
): Promise<ReserveResult> {
  const { provider, apiKey } = route.target;
  return line.ledger.reserve({
    id: `${call.id}.${attempt}`,
    draws,
    expiresInMs: line.options.timeoutMs + line.options.holdGraceMs,
    entry: {
      operationId: call.id,
      attempt,
      provider: provider.id,
      ...(apiKey !== undefined && { providerKeyId: apiKey.id }),
      operation: call.operation,
      requestModel: route.requestModel,
      stream: call.stream,
      attribution: call.attribution,
      decision,
      ...(cost !== undefined && { held: cost }),
    },
  });
}

function heldBy(
  line: Line,
  { call }: IdentifiedCall,
  reserved: Extract<ReserveResult, { result: 'held' }>,
  draws: readonly Draw[],
  before: Decision,
  attempt: number,
): Hold {
  for (const { state, threshold } of reserved.thresholds)
    line.announce({ kind: 'threshold', limit: state, threshold });
  const decision = withExceeded({ ...before, limits: reserved.states }, reserved.exceeded);
  return { id: `${call.id}.${attempt}`, attempt, at: reserved.at, draws, decision };
}

function drawOn({ limit, bucket }: MatchedLimit, plan: Plan, attempt: number): Draw {
  return { limit, bucket, amount: amountOn(limit.unit, plan.cost?.amount, plan.tokens, attempt) };
}

const none = new Decimal('0');
const one = new Decimal('1');

/** A call is one request, however many attempts it takes. */
function amountOn(
  unit: MatchedLimit['limit']['unit'],
  cost: Decimal | undefined,
  tokens: number,
  attempt: number,
): Decimal {
  switch (unit) {
    case 'money':
      return cost ?? none;
    case 'tokens':
      return new Decimal(String(tokens));
    case 'requests':
      return attempt === 1 ? one : none;
    case 'concurrency':
      return one;
  }
}

/** What each draw came to in the end, in the order in which they were reserved. */
export function settledAmounts(
  draws: readonly Pick<Draw, 'limit'>[],
  cost: Decimal | undefined,
  tokens: number,
  attempt = 1,
): Decimal[] {
  return draws.map(({ limit }) =>
    limit.unit === 'concurrency' ? none : amountOn(limit.unit, cost, tokens, attempt),
  );
}

/** Advisory limits warn; limits in shadow only leave a note. */
function withExceeded(decision: Decision, exceeded: readonly Shortfall[]): Decision {
  if (exceeded.length === 0) return decision;
  const advisory = exceeded.find(({ state }) => state.mode === 'advisory');
  const shadow = exceeded.filter(({ state }) => state.mode === 'shadow');
  return {
    ...decision,
    ...(advisory !== undefined &&
      decision.verdict === 'allowed' && {
        verdict: 'warning' as const,
        reasonCode: 'BUDGET_EXCEEDED' as const,
        message: shortfallMessage(advisory),
      }),
    ...(shadow.length > 0 && {
      wouldHave: [
        ...(decision.wouldHave ?? []),
        ...shadow.map(({ state }) => ({
          id: state.limitId,
          verdict: 'blocked' as const,
          reasonCode: 'BUDGET_EXCEEDED' as const,
        })),
      ],
    }),
  };
}

function refused(decision: Decision, refusal: Refusal): Reservation {
  return { result: 'refused', decision: { ...decision, ...refusedAs(refusal) }, refusal };
}

/** The part of a decision that a refusal settles. */
export function refusedAs(refusal: Refusal): Pick<Decision, 'verdict' | 'reasonCode' | 'message'> {
  return {
    verdict: refusal.reasonCode === 'RATE_LIMITED' ? 'rate_limited' : 'blocked',
    reasonCode: refusal.reasonCode,
    message: refusal.message,
  };
}

function exceeded(shortfall: Shortfall): Refusal {
  const { state, needed, retryAfterMs } = shortfall;
  const reasonCode = state.unit === 'money' ? 'BUDGET_EXCEEDED' : 'RATE_LIMITED';
  return {
    status: 429,
    reasonCode,
    code: refusalCode(reasonCode),
    message: shortfallMessage(shortfall),
    limit: state,
    needed,
    remedy: remedyFor(shortfall),
    ...(retryAfterMs !== undefined && { retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }),
  };
}

function shortfallMessage({ state, needed }: Shortfall): string {
  const unit = state.unit === 'money' ? (state.currency ?? 'USD') : state.unit;
  const reset = state.resetsAt === undefined ? '' : `, resets ${state.resetsAt}`;
  const balance = `limit ${state.amount}, spent ${state.settled}, held ${state.held}`;
  return `Limit "${state.limitId}" has ${state.available} ${unit} left; ${needed} ${unit} needed (${balance}${reset})`;
}

function remedyFor({ state, needed }: Shortfall): string {
  const missing = new Decimal(needed).minus(new Decimal(state.available)).toFixed();
  const wait = state.resetsAt === undefined ? '' : `, or wait until ${state.resetsAt}`;
  const smaller = state.unit === 'money' || state.unit === 'tokens' ? ', cap the output lower' : '';
  return `Raise "${state.limitId}" by ${missing}${smaller}${wait}`;
}

function unavailable(cause: unknown): Refusal {
  return {
    status: 503,
    reasonCode: 'BUDGET_RESERVATION_FAILED',
    code: refusalCode('BUDGET_RESERVATION_FAILED'),
    message: `The ledger did not answer, so nothing could be held and nothing was sent: ${
      cause instanceof Error ? cause.message : String(cause)
    }`,
    retryAfterSeconds: 1,
  };
}
