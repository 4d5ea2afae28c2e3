/** How a metric counts. A `state` is looked up when somebody collects. */
export type MetricKind = 'counter' | 'up_down_counter' | 'histogram' | 'gauge' | 'state';

export interface Metric {
  readonly kind: MetricKind;
  /** In UCUM, as OpenTelemetry wants it. */
  readonly unit: string;
  readonly description: string;
  /** The facts that tell its series apart. `who` stands for the dimensions that were chosen. */
  readonly facts: readonly string[];
  readonly buckets?: readonly number[];
}

/** Powers of four and of two, as OpenTelemetry GenAI advises. */
const tokenBuckets = [
  1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
];
const secondBuckets = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
const stageBuckets = [0.000_01, 0.000_03, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1];
const ratioBuckets = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99, 1];

const call = ['operation', 'provider', 'requestModel', 'responseModel'];
const who = ['who'];
const budget = ['limit', 'bucket', 'unit', 'currency', 'limitMode'];

const define = <Name extends string>(metrics: Readonly<Record<Name, Metric>>): Record<Name, Metric> =>
  metrics;

/**
 * Every metric. Amounts in metrics are doubles, because that is what metrics are; the ledger has every digit.
 */
export const metricTable = define({
  'gen_ai.client.token.usage': {
    kind: 'histogram',
    unit: '{token}',
    description: 'Tokens of an attempt, by type',
    facts: [...call, 'tokenType'],
    buckets: tokenBuckets,
  },
  'gen_ai.client.operation.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'From sending an attempt to the end of its answer',
    facts: [...call, 'errorType'],
    buckets: secondBuckets,
  },
  'gen_ai.client.operation.time_to_first_chunk': {
    kind: 'histogram',
    unit: 's',
    description: 'From sending an attempt to the first byte of its answer',
    facts: call,
    buckets: secondBuckets,
  },
  'genops.cost': {
    kind: 'counter',
    unit: '{USD}',
    description: 'What attempts cost, as it was settled',
    facts: [...call, 'basis', ...who],
  },
  'genops.cost.other_currencies': {
    kind: 'counter',
    unit: '{currency}',
    description: 'What attempts cost in another currency than USD',
    facts: [...call, 'currency', ...who],
  },
  'genops.cost.corrections': {
    kind: 'up_down_counter',
    unit: '{USD}',
    description: 'What providers said afterwards that estimates were off by; add it to the cost',
    facts: [...call, ...who],
  },
  'genops.cost.avoided': {
    kind: 'counter',
    unit: '{USD}',
    description: 'What answers out of caches would have cost',
    facts: [...call, ...who],
  },
  'genops.cost.reserved': {
    kind: 'counter',
    unit: '{USD}',
    description: 'What was held for attempts before they were sent',
    facts: [...call, ...who],
  },
  'genops.tokens': {
    kind: 'counter',
    unit: '{token}',
    description: 'Tokens in and out',
    facts: [...call, ...who],
  },
  'genops.tokens.input': {
    kind: 'counter',
    unit: '{token}',
    description: 'Tokens in, cached ones included',
    facts: [...call, ...who],
  },
  'genops.tokens.output': {
    kind: 'counter',
    unit: '{token}',
    description: 'Tokens out, reasoning included',
    facts: [...call, ...who],
  },
  'genops.tokens.cache_read': {
    kind: 'counter',
    unit: '{token}',
    description: 'Of the tokens in, those that the provider had cached',
    facts: [...call, ...who],
  },
  'genops.tokens.reasoning': {
    kind: 'counter',
    unit: '{token}',
    description: 'Of the tokens out, those of reasoning',
    facts: [...call, ...who],
  },
  'genops.operations': {
    kind: 'counter',
    unit: '{operation}',
    description: 'Calls, by verdict and by what became of the answer',
    facts: [...call, 'verdict', 'outcome', ...who],
  },
  'genops.attempts': {
    kind: 'counter',
    unit: '{attempt}',
    description: 'Attempts to have calls served: first ones, retries and fallbacks',
    facts: [...call, 'attemptKind', 'outcome', 'status', ...who],
  },
  'genops.errors': {
    kind: 'counter',
    unit: '{attempt}',
    description: 'Attempts that brought no whole answer and were not cancelled',
    facts: [...call, 'errorType', ...who],
  },
  'genops.refusals': {
    kind: 'counter',
    unit: '{operation}',
    description: 'Calls that were not admitted, by reason',
    facts: ['operation', 'provider', 'requestModel', 'reasonCode', 'limit', ...who],
  },
  'genops.unpriced': {
    kind: 'counter',
    unit: '{attempt}',
    description: 'Attempts whose cost nobody knows',
    facts: [...call, ...who],
  },
  'genops.unmetered': {
    kind: 'counter',
    unit: '{attempt}',
    description: 'Attempts that did not say what they consumed, and were estimated',
    facts: [...call, ...who],
  },
  'genops.cache.hits': {
    kind: 'counter',
    unit: '{attempt}',
    description: 'Answers out of a cache',
    facts: [...call, ...who],
  },
  'genops.routing.decisions': {
    kind: 'counter',
    unit: '{operation}',
    description: 'Calls that could go to several places; optimal when none of them was cheaper',
    facts: ['operation', 'provider', 'requestModel', 'strategy', 'optimal', ...who],
  },
  'genops.routing.switches': {
    kind: 'counter',
    unit: '{attempt}',
    description: 'Attempts that were served by somebody else than the first choice',
    facts: [...call, 'hostProvider', ...who],
  },
  'genops.routing.efficiency': {
    kind: 'histogram',
    unit: '1',
    description: 'Cost of the cheapest place that could serve, divided by that of the chosen one',
    facts: ['operation', 'provider', 'requestModel', 'strategy'],
    buckets: ratioBuckets,
  },
  'genops.routing.savings': {
    kind: 'counter',
    unit: '{USD}',
    description: 'What the dearest place that could serve would have cost more, told from what was used',
    facts: ['operation', 'provider', 'requestModel', 'strategy', ...who],
  },
  'genops.routing.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'Putting places in order',
    facts: ['provider', 'strategy'],
    buckets: stageBuckets,
  },
  'genops.pricing.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'Pricing an attempt',
    facts: ['provider'],
    buckets: stageBuckets,
  },
  'genops.policy.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'Asking the rules',
    facts: ['provider'],
    buckets: stageBuckets,
  },
  'genops.policy.evaluations': {
    kind: 'counter',
    unit: '{operation}',
    description: 'Calls that the policy was asked about, by result',
    facts: ['policyResult', 'policy', ...who],
  },
  'genops.policy.violations': {
    kind: 'counter',
    unit: '{operation}',
    description: 'Calls that were warned of, limited or blocked',
    facts: ['policyResult', 'reasonCode', 'policy', ...who],
  },
  'genops.policy.enforcement_actions': {
    kind: 'counter',
    unit: '{operation}',
    description: 'Calls that were limited or blocked',
    facts: ['policyResult', 'reasonCode', 'policy', ...who],
  },
  'genops.policy.shadow': {
    kind: 'counter',
    unit: '{operation}',
    description: 'What rules and limits in shadow would have done',
    facts: ['policyResult', 'reasonCode', 'policy'],
  },
  'genops.policy.compliance_rate': {
    kind: 'state',
    unit: '1',
    description: 'Share of calls without a violation since the start',
    facts: [],
  },
  'genops.budget.limit': {
    kind: 'state',
    unit: '{unit}',
    description: 'What may be used in this window',
    facts: budget,
  },
  'genops.budget.consumed': {
    kind: 'state',
    unit: '{unit}',
    description: 'What was used in this window',
    facts: budget,
  },
  'genops.budget.held': {
    kind: 'state',
    unit: '{unit}',
    description: 'What is held for calls under way',
    facts: budget,
  },
  'genops.budget.remaining': {
    kind: 'state',
    unit: '{unit}',
    description: 'What is left in this window; negative after an overrun',
    facts: budget,
  },
  'genops.budget.utilization': {
    kind: 'state',
    unit: '1',
    description: 'Used and held, divided by what may be used',
    facts: budget,
  },
  'genops.budget.exceeded': {
    kind: 'counter',
    unit: '{operation}',
    description: 'Calls that did not fit into a limit',
    facts: [...budget, 'policyResult'],
  },
  'genops.budget.alerts': {
    kind: 'counter',
    unit: '{alert}',
    description: 'Thresholds that were crossed, in percent',
    facts: [...budget, 'threshold'],
  },
  'genops.evaluation.score': {
    kind: 'histogram',
    unit: '1',
    description: 'Scores of answers, as they were handed in',
    facts: ['evaluation', 'evaluator', ...who],
    buckets: ratioBuckets,
  },
  'genops.evaluation.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'How long evaluations took',
    facts: ['evaluation', 'evaluator'],
    buckets: secondBuckets,
  },
  'genops.evaluation.failures': {
    kind: 'counter',
    unit: '{evaluation}',
    description: 'Evaluations below their threshold, or that failed themselves',
    facts: ['evaluation', 'evaluator', ...who],
  },
  'genops.telemetry.buffered': {
    kind: 'state',
    unit: '{span}',
    description: 'Spans that wait to be exported',
    facts: [],
  },
  'genops.telemetry.dropped': {
    kind: 'state',
    unit: '{span}',
    description: 'Spans that were lost because the buffer was full or the export failed',
    facts: [],
  },
  'genops.telemetry.overflow': {
    kind: 'counter',
    unit: '{measurement}',
    description: 'Measurements whose labels became `other` because there were too many series',
    facts: [],
  },
});

export type MetricName = keyof typeof metricTable;

/** The name of a metric in Prometheus. Histograms have `_bucket`, `_sum` and `_count` after it. */
export function prometheusName(name: string, kind: MetricKind): string {
  const plain = name.replace(/[^A-Za-z0-9_]/g, '_').replace(/_{2,}/g, '_');
  return kind === 'counter' && !plain.endsWith('_total') ? `${plain}_total` : plain;
}
