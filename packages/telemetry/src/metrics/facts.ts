import {
  type Attribution,
  attributeOf,
  attributionDimensions,
  ConfigurationError,
  type LedgerEntry,
  type LimitState,
} from '@genops/core';

/** What a measurement knows of itself, by short words; metrics and aliases give them labels. */
export type Facts = Readonly<Record<string, string | undefined>>;

/** The label that each fact has in the metrics. */
export const labelOf: Readonly<Record<string, string>> = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  responseModel: 'gen_ai.response.model',
  tokenType: 'gen_ai.token.type',
  errorType: 'error.type',
  status: 'http.response.status_code',
  verdict: 'verdict',
  outcome: 'outcome',
  basis: 'genops.cost.basis',
  currency: 'genops.cost.currency',
  attemptKind: 'genops.attempt.kind',
  reasonCode: 'genops.policy.reason_code',
  policyResult: 'genops.policy.result',
  policy: 'genops.policy.name',
  limit: 'genops.budget.name',
  bucket: 'genops.budget.bucket',
  unit: 'genops.budget.unit',
  limitMode: 'genops.budget.mode',
  threshold: 'genops.budget.threshold',
  strategy: 'genops.routing.strategy',
  optimal: 'genops.routing.optimal',
  hostProvider: 'genops.host.provider',
  evaluation: 'genops.eval.metric',
  evaluator: 'genops.eval.evaluator',
};

/** Facts whose values nobody limits: where there are too many series, these become `other`. */
const closedFacts: ReadonlySet<string> = new Set([
  'operation',
  'tokenType',
  'verdict',
  'outcome',
  'basis',
  'currency',
  'attemptKind',
  'policyResult',
  'unit',
  'limitMode',
  'optimal',
]);

/** True for a fact that can have any number of values. */
export function isOpen(fact: string): boolean {
  return !closedFacts.has(fact);
}

/** `customerId` → `genops.customer_id`, `tags.plan` → `genops.tag.plan`. */
export function attributionLabel(dimension: string): string {
  if (dimension.startsWith('tags.')) return `genops.tag.${dimension.slice('tags.'.length)}`;
  return `genops.${dimension.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}

/**
 * @returns the same dimensions
 * @throws {ConfigurationError} for one that no call can have
 */
export function checkDimensions(dimensions: readonly string[]): readonly string[] {
  for (const dimension of dimensions) {
    const isNamed = (attributionDimensions as readonly string[]).includes(dimension);
    if (!isNamed && !/^tags\.[A-Za-z0-9_.-]+$/.test(dimension)) {
      const known = attributionDimensions.join(', ');
      throw new ConfigurationError('dimensions', `expected ${known} or tags.<name>, got "${dimension}"`);
    }
  }
  return dimensions;
}

/** What an attempt says of itself, with the dimensions that are wanted. */
export function entryFacts(entry: LedgerEntry, dimensions: readonly string[]): Facts {
  const { provider, requestModel, responseModel, decision, gateway } = entry;
  const model = responseModel ?? requestModel;
  return {
    operation: entry.operation,
    provider,
    requestModel,
    responseModel,
    model,
    skyRouterModel: provider === 'skyrouter' ? model : undefined,
    hostProvider: gateway?.hostProvider,
    verdict: decision.verdict,
    outcome: entry.outcome,
    status: entry.status === undefined ? undefined : String(entry.status),
    strategy: decision.routing?.strategy,
    ...attributionFacts(entry.attribution, dimensions),
  };
}

function attributionFacts(attribution: Attribution, dimensions: readonly string[]): Facts {
  return Object.fromEntries(dimensions.map((dimension) => [dimension, attributeOf(attribution, dimension)]));
}

/** What a limit's counter says of itself: `team=search` is a counter of one team. */
export function limitFacts(state: LimitState): Facts {
  const own = state.bucket === '' ? [] : state.bucket.split('&').map((pair) => pair.split('='));
  return {
    ...Object.fromEntries(own.filter((pair) => pair.length === 2)),
    limit: state.limitId,
    bucket: state.bucket === '' ? undefined : state.bucket,
    unit: state.unit,
    currency: state.currency ?? (state.unit === 'money' ? 'USD' : undefined),
    limitMode: state.mode,
  };
}

/** Low in cardinality: a status, a reason code, or how the answer ended. */
export function errorType({ kind, decision, status, outcome }: LedgerEntry): string {
  if (kind === 'refused') return decision.reasonCode ?? 'refused';
  return status !== undefined && status >= 400 ? String(status) : outcome;
}
