import { Decimal, type GovernorEvent, type LimitState, parseDecimal } from '@genops/core';
import { type Facts, limitFacts } from './facts.ts';
import type { MetricName } from './table.ts';

/** What limits stood at when they were last heard of. */
export interface Budgets {
  readonly note: (event: GovernorEvent) => void;
  readonly observe: (metric: MetricName) => Iterable<readonly [value: number, facts: Facts]>;
}

/**
 * Keeps the last state of each counter of each limit. A window that has ended since is empty when it is
 * looked at, without another call. Windows without an edge stand as they stood at the last call.
 *
 * @param mostStates - the longest unheard of go first
 */
export function createBudgets(now: () => Date, mostStates: number): Budgets {
  const last = new Map<string, { readonly state: LimitState; readonly facts: Facts }>();
  const keep = (state: LimitState, provider: string | undefined): void => {
    const key = `${state.limitId}\u0001${state.bucket}`;
    const before = last.get(key)?.facts['ofSkyRouter'];
    last.delete(key);
    const ofSkyRouter = provider === 'skyrouter' ? 'true' : before;
    last.set(key, { state, facts: { ...limitFacts(state), ofSkyRouter } });
    if (last.size > mostStates) last.delete(last.keys().next().value as string);
  };
  return {
    note: (event) => {
      if (event.kind === 'threshold') return keep(event.limit, undefined);
      if (event.kind !== 'settled' && event.kind !== 'refused') return;
      const { entry } = event;
      const states = (event.kind === 'settled' ? event.limits : undefined) ?? entry.decision.limits;
      for (const state of states) keep(state, entry.provider);
    },
    observe: function* (metric) {
      const instant = now().toISOString();
      for (const { state, facts } of last.values()) {
        const value = amountAt(metric, state, instant);
        if (value !== undefined) yield [value, facts];
      }
    },
  };
}

function amountAt(metric: MetricName, state: LimitState, instant: string): number | undefined {
  const isOver = state.resetsAt !== undefined && Date.parse(state.resetsAt) <= Date.parse(instant);
  const amount = parseDecimal(state.amount);
  const settled = isOver ? none : parseDecimal(state.settled);
  const held = isOver ? none : parseDecimal(state.held);
  switch (metric) {
    case 'genops.budget.limit':
      return Number(amount.toFixed());
    case 'genops.budget.consumed':
      return Number(settled.toFixed());
    case 'genops.budget.held':
      return Number(held.toFixed());
    case 'genops.budget.remaining':
      return Number(amount.minus(settled).minus(held).toFixed());
    case 'genops.budget.utilization': {
      const whole = Number(amount.toFixed());
      return whole === 0 ? undefined : Number(settled.plus(held).toFixed()) / whole;
    }
    default:
      return undefined;
  }
}

const none = new Decimal('0');
