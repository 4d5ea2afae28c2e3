import type { AsyncLocalStorage } from 'node:async_hooks';
import {
  ConfigurationError,
  type GovernorEvent,
  type Limit,
  type Session,
  type SessionBudget,
  type SessionReport,
  type StepOptions,
  withAttribution,
} from '@genops/core';
import type { LimitIndex } from '@genops/policy';
import type { SessionsOptions } from './sessions.ts';
import { createTotals } from './totals.ts';

/** A session, and what the governor tells it. */
export interface SessionNode {
  readonly session: Session;
  readonly parent: SessionNode | undefined;
  readonly note: (event: GovernorEvent) => void;
  readonly track: (call: Promise<unknown>) => void;
  /** Takes no more calls from now on; says why when it was an error. */
  readonly end: (thrown?: { readonly error: unknown }) => void;
  readonly hasEnded: () => boolean;
}

interface Surroundings extends SessionsOptions {
  readonly here: AsyncLocalStorage<SessionNode>;
}

/** Where a session or step stands. */
interface Place {
  readonly id: string;
  readonly path: string;
  readonly parent?: SessionNode;
}

/**
 * Makes a session or one of its steps. All share the session's id, so that a limit for each session counts
 * the steps too; a step is told apart by the tag `step`.
 */
export function createSessionNode(
  surroundings: Surroundings,
  options: StepOptions,
  place: Place,
): SessionNode {
  const { limits, here, now } = surroundings;
  const { id, path, parent } = place;
  const name = options.name ?? 'session';
  const totals = createTotals();
  const { maxSteps = 1_000 } = options;
  const steps = new Set<SessionNode>();
  const namesakes = new Map<string, number>();
  let stepsLeftOut = 0;
  const underWay = new Set<Promise<unknown>>();
  const ownLimits = limits.compile(options.limits ?? []);
  const budget = budgetIndex(options.budget, name, place, limits.compile);
  const startedAt = now();
  let endedAt: Date | undefined;
  let error: string | undefined;

  const attribution = {
    ...options.attribution,
    sessionId: id,
    ...(parent === undefined
      ? { workflow: options.attribution?.workflow ?? name }
      : { tags: { ...options.attribution?.tags, step: path } }),
  };
  const runHere = <Result>(action: () => Result): Result => {
    if (endedAt !== undefined) {
      throw new ConfigurationError(`session "${path || name}"`, 'expected to be open; it was closed before');
    }
    return withAttribution(attribution, () =>
      limits.during(budget, () => limits.during(ownLimits, () => here.run(node, action))),
    );
  };
  const run = <Result>(action: () => Result): Result =>
    parent === undefined ? runHere(action) : parent.session.run(() => runHere(action));

  const report = (): SessionReport => ({
    id,
    name,
    path,
    state: error !== undefined ? 'failed' : endedAt === undefined ? 'open' : 'completed',
    ...(error !== undefined && { error }),
    startedAt: startedAt.toISOString(),
    ...(endedAt !== undefined && { endedAt: endedAt.toISOString() }),
    durationMs: (endedAt ?? now()).getTime() - startedAt.getTime(),
    ...totals.totals(),
    steps: [...steps].map((step) => step.session.report()),
    ...(stepsLeftOut > 0 && { stepsLeftOut }),
  });

  const end: SessionNode['end'] = (thrown) => {
    endedAt ??= now();
    if (thrown !== undefined) error = messageOf(thrown.error);
    for (const step of steps) step.end();
  };
  const close = async (): Promise<SessionReport> => {
    end();
    while (underWay.size > 0) await Promise.allSettled(underWay);
    return report();
  };

  const beginStep = (stepOptions: StepOptions): SessionNode => {
    const stepName = stepOptions.name ?? 'step';
    const number = (namesakes.get(stepName) ?? 0) + 1;
    namesakes.set(stepName, number);
    const own = number === 1 ? stepName : `${stepName}#${number}`;
    const stepPath = path === '' ? own : `${path}/${own}`;
    const stepPlace = { id, path: stepPath, parent: node };
    const step = createSessionNode(surroundings, { ...stepOptions, name: stepName }, stepPlace);
    if (steps.size >= maxSteps) leaveOutOldest();
    steps.add(step);
    return step;
  };
  /** One that is still open stays, however old it is. */
  const leaveOutOldest = (): void => {
    for (const step of steps) {
      if (!step.hasEnded()) continue;
      steps.delete(step);
      stepsLeftOut += 1;
      return;
    }
  };

  const session: Session = {
    id,
    name,
    run,
    fetch: (input, init) => run(() => surroundings.fetch()(input, init)),
    startStep: (stepOptions) => beginStep(stepOptions).session,
    step: async (stepOptions, action) => {
      const step = beginStep(typeof stepOptions === 'string' ? { name: stepOptions } : stepOptions);
      try {
        const result = await step.session.run(() => action(step.session));
        step.end();
        return result;
      } catch (error) {
        step.end({ error });
        throw error;
      }
    },
    report,
    close,
    [Symbol.asyncDispose]: async () => {
      await close();
    },
  };
  const node: SessionNode = {
    session,
    parent,
    note: totals.note,
    track: (call) => {
      underWay.add(call);
      const done = (): boolean => underWay.delete(call);
      call.then(done, done);
    },
    end,
    hasEnded: () => endedAt !== undefined,
  };
  return node;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A budget has one counter for the session, or for the one step, that it stands on. */
function budgetIndex(
  budget: SessionBudget | undefined,
  name: string,
  { id, path }: Place,
  compile: (limits: readonly Limit[]) => LimitIndex,
): LimitIndex {
  if (budget === undefined) return () => [];
  const { amount, currency, mode = 'enforced', thresholds } = budget;
  const index = compile([
    {
      id: limitId(path || name),
      unit: 'money',
      amount,
      ...(currency !== undefined && { currency }),
      window: { kind: 'session' },
      scope: {},
      mode,
      ...(thresholds !== undefined && { thresholds }),
    },
  ]);
  const bucket = path === '' ? `sessionId=${id}` : `sessionId=${id}&step=${path}`;
  return (call) => index(call).map(({ limit }) => ({ limit, bucket }));
}

/** Whatever a session is called, its budget has an id that a policy could write. */
function limitId(name: string): string {
  return `session.${name.replace(/[^A-Za-z0-9._-]+/g, '-')}`.slice(0, 128);
}
