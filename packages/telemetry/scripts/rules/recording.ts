import { metric } from '../names.ts';

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

const cost = metric('genops.cost');
const operations = metric('genops.operations');
const attempts = metric('genops.attempts');
const errors = metric('genops.errors');
const tokens = metric('genops.tokens');
const input = metric('genops.tokens.input');
const output = metric('genops.tokens.output');
const latency = `${metric('gen_ai.client.operation.duration')}_bucket`;
const violations = metric('genops.policy.violations');
const evaluations = metric('genops.policy.evaluations');
const utilization = `${metric('genops.budget.utilization')}{genops_budget_unit="money"}`;
const score = `${metric('genops.evaluation.score')}_bucket`;

/** What costs are looked at by, and the label of it. */
const dimensions = {
  team: 'genops_team',
  project: 'genops_project',
  environment: 'genops_environment',
  customer: 'genops_customer_id',
  provider: 'gen_ai_provider_name',
  model: 'gen_ai_request_model',
};

const percentiles = { p50: '0.5', p95: '0.95', p99: '0.99' };

function quantiles(prefix: string, series: string, window: string, label?: string): RecordingRule[] {
  const by = label === undefined ? 'le' : `le, ${label}`;
  return Object.entries(percentiles).map(([name, share]) => ({
    record: `${prefix}:${name}`,
    expr: `histogram_quantile(${share}, sum by (${by}) (rate(${series}[${window}])))`,
  }));
}

export const recordingGroups: Readonly<Record<string, readonly RecordingRule[]>> = {
  genops_cost_recording: [
    ...Object.entries(dimensions).map(([name, label]) => ({
      record: `genops:cost_usd:hourly_by_${name}`,
      expr: `sum by (${label}) (increase(${cost}[1h]))`,
    })),
    { record: 'genops:cost_usd:hourly', expr: `sum(increase(${cost}[1h]))` },
    { record: 'genops:cost_usd:daily', expr: `sum(increase(${cost}[1d]))` },
    { record: 'genops:cost_usd:daily_by_team', expr: `sum by (genops_team) (increase(${cost}[1d]))` },
    {
      record: 'genops:cost_usd:per_operation',
      expr: `sum(rate(${cost}[1h])) / sum(rate(${operations}[1h]))`,
    },
    { record: 'genops:cost_usd:per_token', expr: `sum(rate(${cost}[1h])) / sum(rate(${tokens}[1h]))` },
    { record: 'genops:tokens:per_usd', expr: `sum(rate(${tokens}[1h])) / sum(rate(${cost}[1h]))` },
    {
      record: 'genops:tokens:output_input_ratio',
      expr: `sum(rate(${output}[1h])) / sum(rate(${input}[1h]))`,
    },
  ],
  genops_service_recording: [
    { record: 'genops:operations:rate', expr: `sum(rate(${operations}[5m]))` },
    { record: 'genops:errors:ratio', expr: `sum(rate(${errors}[5m])) / sum(rate(${attempts}[5m]))` },
    {
      record: 'genops:errors:ratio_by_provider',
      expr: `sum by (gen_ai_provider_name) (rate(${errors}[5m])) / sum by (gen_ai_provider_name) (rate(${attempts}[5m]))`,
    },
    ...quantiles('genops:latency_seconds', latency, '5m'),
    ...quantiles('genops:latency_seconds_by_provider', latency, '5m', 'gen_ai_provider_name'),
    ...quantiles('genops:latency_seconds_by_model', latency, '5m', 'gen_ai_request_model'),
  ],
  genops_policy_recording: [
    { record: 'genops:policy_violations:hourly', expr: `sum(increase(${violations}[1h]))` },
    {
      record: 'genops:policy_compliance:ratio',
      expr: `1 - (sum(rate(${violations}[1h])) or vector(0)) / sum(rate(${evaluations}[1h]))`,
    },
    { record: 'genops:budgets_near:count', expr: `count(${utilization} > 0.8) or vector(0)` },
    { record: 'genops:budgets_over:count', expr: `count(${utilization} > 1) or vector(0)` },
  ],
  genops_evaluation_recording: quantiles('genops:evaluation_score', score, '1h', 'genops_eval_metric'),
};
