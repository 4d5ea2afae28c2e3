import { type BackOffOptions, backOffMs } from '../failures/back-off.ts';
import type { ErrorClass } from '../failures/error-classes.ts';
import type { RetryBudget } from '../failures/retry-budget.ts';
import type { Random } from '../measure/random.ts';
import { type PlannedRoute, questionOf, type RoutePlan } from '../plan.ts';
import type { AttemptEnd, AttemptKind, AttemptOnce, AttemptRecord } from './attempt.ts';
import { createItinerary, type Itinerary } from './itinerary.ts';
import { type Admission, admit, type Made, type MakeContext, makeAttempt } from './make-attempt.ts';

/** Waits, or less when the signal aborts. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

export interface RunOptions<Answer> {
  readonly attemptOnce: AttemptOnce<Answer>;
  /** For the whole operation, waits and all attempts included. */
  readonly deadlineMs: number;
  /** Aborted when the caller does not want the answer any more. */
  readonly signal: AbortSignal;
  /** Tells equal bodies, to blame a request that fails on every key. Asked for only after a failure. */
  readonly bodyHash?: () => string;
}

export interface RunContext extends MakeContext {
  readonly budget: RetryBudget;
  readonly random: Random;
  readonly sleep: Sleep;
  readonly backOff: BackOffOptions;
  /** Attempts of one operation; those that only put a bad key aside do not count. */
  readonly maxAttempts: number;
  /** The longest wait before a retry. */
  readonly maxWaitMs: number;
  /** How long to wait for a first byte while there is somewhere else to go. @default half of what is left */
  readonly firstByteMs: number | undefined;
  /** After how long without a first byte a second attempt starts beside the first. */
  readonly hedgeAfterMs: number | undefined;
  /** Whether a request may be asked elsewhere that the provider may have worked on already. */
  readonly whenUnanswered: 'elsewhere' | 'stop';
}

/** How an operation ended, and why no further attempt was made. */
export interface RunResult<Answer> {
  readonly result: AttemptEnd<unknown>['result'] | 'no_route';
  /** Of the attempt that counts: the one that succeeded, else the last one; absent with `no_route`. */
  readonly answer?: Answer;
  readonly route?: PlannedRoute;
  readonly attempts: readonly AttemptRecord[];
  /** `answered`, `committed`, `stop`, `unanswered`, `no_route_left`, `deadline`, `retry_budget`, `max_attempts`, `too_long_a_wait`. */
  readonly because: string;
}

/**
 * Makes attempts until one succeeds or nothing is left to try: one deadline for all, retries paid for by
 * answers, and nothing after a first byte reached the caller.
 */
export async function runAttempts<Answer>(
  plan: RoutePlan,
  options: RunOptions<Answer>,
  context: RunContext,
): Promise<RunResult<Answer>> {
  const { nowMs, budget } = context;
  const deadlineAtMs = nowMs() + options.deadlineMs;
  const itinerary = createItinerary(plan, context.pool, context.random);
  const journal = createJournal(nowMs);
  const claims = createClaims(options.signal, context.hedgeAfterMs !== undefined);
  let charged = 0;
  let restarts = 0;
  let kind: AttemptKind = 'first';
  let waitedMs = 0;
  let last: { readonly made: Made<Answer>; readonly route: PlannedRoute } | undefined;

  const finish = (because: string): RunResult<Answer> => ({
    result: last?.made.end.result ?? 'no_route',
    ...(last !== undefined && { answer: last.made.end.answer, route: last.route }),
    attempts: journal.records,
    because,
  });
  const start = (admission: Admission, kindOfIt: AttemptKind): Promise<Made<Answer>> => {
    const remainingMs = Math.max(1, deadlineAtMs - nowMs());
    const number = journal.begin();
    const claim = claims.enter(number);
    const patienceMs = itinerary.hasAlternative ? (context.firstByteMs ?? remainingMs / 2) : remainingMs;
    const attempt = {
      number,
      kind: kindOfIt,
      firstByteMs: Math.min(patienceMs, remainingMs),
      remainingMs,
      signal: claim.signal,
      claim: claim.take,
    };
    const waited = waitedMs;
    return makeAttempt(admission, options.attemptOnce, attempt, options.bodyHash, context).then((made) => {
      journal.end(number, kindOfIt, admission.route, made, waited);
      if (made.end.result === 'succeeded') claim.take();
      return made;
    });
  };

  for (;;) {
    if (options.signal.aborted) return finish('cancelled');
    if (nowMs() >= deadlineAtMs) return finish('deadline');
    const route = itinerary.current;
    if (route === undefined) return finish('no_route_left');
    const admission = admit(route, plan.request.needs, context);
    if (admission === undefined) {
      itinerary.skip();
      continue;
    }
    last = await withHedge(admission, start(admission, kind));
    const { made } = last;
    if (made.end.result === 'succeeded') budget.answered();
    if (made.end.result !== 'failed')
      return finish(made.end.result === 'succeeded' ? 'answered' : made.end.result);
    if (claims.taken) return finish('committed');
    waitedMs = 0;
    if (made.again) {
      kind = 'retry';
      continue;
    }

    const errorClass = made.errorClass as ErrorClass;
    if (errorClass.maybeBilled && context.whenUnanswered === 'stop') return finish('unanswered');
    const moved = moveOn(itinerary, errorClass, restarts < maxRestarts);
    if (moved === 'restarted') restarts += 1;
    if (moved === 'ended') return finish(errorClass.next === 'stop' ? 'stop' : 'no_route_left');
    // Each bad key is put aside once, so trying the next one needs no budget.
    const putsAside = errorClass.key === 'invalidate' || errorClass.key === 'exhaust';
    if (!(putsAside && moved === 'moved')) {
      charged += 1;
      if (charged >= context.maxAttempts) return finish('max_attempts');
      if (!budget.take()) return finish('retry_budget');
    }
    kind = moved === 'moved' ? 'fallback' : 'retry';
    if (moved !== 'moved') {
      const waitMs = pauseMs(moved, made, route, charged);
      if (nowMs() + waitMs >= deadlineAtMs) return finish('deadline');
      if (waitMs > context.maxWaitMs) return finish('too_long_a_wait');
      waitedMs = waitMs;
      await context.sleep(waitMs, options.signal);
    }
  }

  /** As long as the provider asks, else a back-off; when the key itself rests, until it is back. */
  function pauseMs(
    moved: 'same' | 'restarted',
    made: Made<Answer>,
    route: PlannedRoute,
    retry: number,
  ): number {
    const pause = made.waitMs ?? backOffMs(retry, context.random, context.backOff);
    if (moved === 'same' || route.keyId === undefined) return pause;
    const question = questionOf(plan.request, route.target);
    if (context.pool.live(question) > 0) return pause;
    return Math.max(pause, (context.pool.nextAtMs(question) ?? Number.POSITIVE_INFINITY) - nowMs());
  }

  /** Runs a second attempt beside one that keeps its caller waiting. Both end before this does. */
  async function withHedge(
    admission: Admission,
    first: Promise<Made<Answer>>,
  ): Promise<{ readonly made: Made<Answer>; readonly route: PlannedRoute }> {
    const only = async () => ({ made: await first, route: admission.route });
    if (context.hedgeAfterMs === undefined || !itinerary.hasAlternative) return only();
    const slow = await Promise.race([
      first.then(
        () => false,
        () => false,
      ),
      context.sleep(context.hedgeAfterMs, options.signal).then(() => true),
    ]);
    if (!slow || claims.taken || options.signal.aborted) return only();
    const route = itinerary.branch();
    const beside = route && admit(route, plan.request.needs, context);
    if (beside === undefined) return only();
    if (!budget.take()) {
      beside.permit.end('neutral', nowMs());
      beside.lease?.end({ result: 'neutral' });
      return only();
    }
    const [one, two] = await Promise.all([first, start(beside, 'hedge')]);
    const second = { made: two, route: beside.route };
    return one.end.result === 'succeeded' || two.end.result !== 'succeeded'
      ? { made: one, route: admission.route }
      : second;
  }
}

/** How often a call begins anew where it began. */
const maxRestarts = 1;

/**
 * With nowhere else to go, whatever may be better in a moment is tried once more where it failed; but not
 * what the provider may have done already, and will do and bill again.
 */
function moveOn(
  itinerary: Itinerary,
  errorClass: ErrorClass,
  mayRestart: boolean,
): 'same' | 'moved' | 'restarted' | 'ended' {
  const moved = itinerary.fail(errorClass);
  const mayPass =
    errorClass.key !== 'invalidate' &&
    errorClass.key !== 'exhaust' &&
    errorClass.blame !== 'request' &&
    // Somebody else might be let in; the same one will not be.
    !(errorClass.blame === 'nobody' && errorClass.next === 'next_key') &&
    !errorClass.maybeBilled;
  if (moved !== 'ended' || errorClass.next === 'stop' || errorClass.next === 'next_model' || !mayPass)
    return moved;
  if (!mayRestart) return 'ended';
  itinerary.restart();
  return 'restarted';
}

/** Sees to it that one attempt alone reaches the caller, and stops the others where there can be several. */
function createClaims(outer: AbortSignal, several: boolean) {
  const running = new Map<number, AbortController>();
  let winner: number | undefined;
  const signalFor = (number: number): AbortSignal => {
    if (!several) return outer;
    const own = new AbortController();
    running.set(number, own);
    return AbortSignal.any([outer, own.signal]);
  };
  return {
    get taken() {
      return winner !== undefined;
    },
    enter: (number: number) => ({
      signal: signalFor(number),
      take: (): boolean => {
        if (winner === undefined) {
          winner = number;
          for (const [other, controller] of running) if (other !== number) controller.abort();
        }
        return winner === number;
      },
    }),
  };
}

function createJournal(nowMs: () => number) {
  const records: AttemptRecord[] = [];
  let begun = 0;
  return {
    records,
    begin: () => ++begun,
    end(number: number, kind: AttemptKind, route: PlannedRoute, made: Made<unknown>, waitedMs: number): void {
      records.push({
        number,
        kind,
        targetId: route.target.id,
        ...(route.keyId !== undefined && { keyId: route.keyId }),
        result: made.end.result,
        ...(made.errorClass !== undefined && { errorClass: made.errorClass.id }),
        startedAt: new Date(nowMs() - made.durationMs).toISOString(),
        durationMs: made.durationMs,
        waitedMs,
      });
    },
  };
}
