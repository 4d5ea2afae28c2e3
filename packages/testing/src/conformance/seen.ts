import type { AnswerFacts } from '@genops/core';

/** What a test of the suite has proved, for whoever reads its report: the support matrix is made of these. */
export interface Seen {
  readonly operation?: string;
  /** Counters that came above zero, and `reportedCost`. */
  readonly usage?: readonly string[];
  readonly error?: { readonly status: number; readonly body: string };
  readonly route?: RouteSeen;
}

/** A route that is found, and what is done with what comes there. */
export interface RouteSeen {
  readonly kind: 'metered' | 'unmetered' | 'free' | 'results' | 'refused';
  /** The operation, or, where nothing is metered, the method and path. */
  readonly what: string;
}

declare module 'vitest' {
  interface TaskMeta {
    seen?: Seen;
  }
}

/** What an answer tells of consumption: the counters that are above zero, and whether it names its price. */
export function usageSeen({ usage = {}, reportedCost, upstreamCost }: AnswerFacts): readonly string[] {
  const counters = Object.entries(usage).flatMap(([counter, count]) => (count > 0 ? [counter] : []));
  return [
    ...counters,
    ...(reportedCost === undefined ? [] : ['reportedCost']),
    ...(upstreamCost === undefined ? [] : ['upstreamCost']),
  ];
}
