import type { MetricKind, MetricName } from '../metrics/table.ts';

/** Whose names they are. */
export type AliasGroup = 'genops' | 'skyrouter' | 'openrouter' | 'helicone';

export const aliasGroups = ['genops', 'skyrouter', 'openrouter', 'helicone'] as const satisfies AliasGroup[];

/** One more name of a metric, as dashboards that were made for other tools ask for it. */
export interface MetricAlias {
  readonly name: string;
  readonly group: AliasGroup;
  readonly of: MetricName;
  readonly kind: MetricKind;
  /** What else it is multiplied by: 1000 makes milliseconds of seconds. @default 1 */
  readonly scale?: number;
  /** Label → fact. */
  readonly labels: Readonly<Record<string, string>>;
  /** Only measurements with these facts. */
  readonly only?: Readonly<Record<string, string>>;
}

/** The labels that every group's names share. */
const genops = {
  provider: 'provider',
  model: 'model',
  team: 'team',
  project: 'project',
  environment: 'environment',
  customer_id: 'customerId',
  feature: 'feature',
};
const budget = { budget_name: 'limit', team: 'team', customer_id: 'customerId' };

const evaluation = { evaluation_type: 'evaluation', evaluator: 'evaluator', team: 'team' };
const inMoney = { unit: 'money', currency: 'USD' };

const skyrouter = {
  model: 'model',
  skyrouter_model: 'model',
  genops_team: 'team',
  genops_project: 'project',
  environment: 'environment',
};
const ofSkyRouter = { provider: 'skyrouter' };

const openrouter = {
  genops_team: 'team',
  genops_model: 'model',
  genops_openrouter_actual_provider: 'hostProvider',
  http_status_code: 'status',
  environment: 'environment',
  service: 'provider',
};
const ofOpenRouter = { provider: 'openrouter' };

const helicone = { provider: 'hostProvider', model: 'model', team: 'team', environment: 'environment' };
const ofHelicone = { provider: 'helicone' };

/**
 * Compatibility names. A counter ends with `_total` in Prometheus, whatever it is called; what has to be
 * found without that is an up-down counter or a gauge. A gauge shows the last value of its series.
 */
export const metricAliases: readonly MetricAlias[] = [
  // The exporter of the GenOps project, its rules and its dashboards.
  { name: 'genops_cost_total_usd', of: 'genops.cost', kind: 'up_down_counter', labels: genops },
  {
    name: 'genops_cost_by_operation_usd',
    of: 'genops.cost',
    kind: 'up_down_counter',
    labels: { ...genops, operation_type: 'operation' },
  },
  { name: 'genops_requests', of: 'genops.operations', kind: 'counter', labels: genops },
  {
    name: 'genops_operation_errors',
    of: 'genops.errors',
    kind: 'counter',
    labels: { ...genops, error_type: 'errorType' },
  },
  {
    name: 'genops_operation_latency_seconds',
    of: 'gen_ai.client.operation.duration',
    kind: 'histogram',
    labels: genops,
  },
  {
    name: 'genops_operation_duration_ms',
    of: 'gen_ai.client.operation.duration',
    kind: 'histogram',
    scale: 1000,
    labels: genops,
  },
  {
    name: 'genops_duration_seconds',
    of: 'gen_ai.client.operation.duration',
    kind: 'histogram',
    labels: genops,
  },
  {
    name: 'genops_budget_limit_usd',
    of: 'genops.budget.limit',
    kind: 'state',
    labels: budget,
    only: inMoney,
  },
  {
    name: 'genops_budget_consumed_usd',
    of: 'genops.budget.consumed',
    kind: 'state',
    labels: budget,
    only: inMoney,
  },
  {
    name: 'genops_budget_remaining_usd',
    of: 'genops.budget.remaining',
    kind: 'state',
    labels: budget,
    only: inMoney,
  },
  {
    name: 'genops_budget_utilization_ratio',
    of: 'genops.budget.utilization',
    kind: 'state',
    labels: budget,
    only: inMoney,
  },
  {
    name: 'genops_budget_utilization_percent',
    of: 'genops.budget.utilization',
    kind: 'state',
    scale: 100,
    labels: budget,
    only: inMoney,
  },
  {
    name: 'genops_policy_compliance_rate_ratio',
    of: 'genops.policy.compliance_rate',
    kind: 'state',
    labels: {},
  },
  {
    name: 'genops_policy_evaluation_time_ms',
    of: 'genops.policy.duration',
    kind: 'gauge',
    scale: 1000,
    labels: { provider: 'provider' },
  },
  {
    name: 'genops_evaluation_latency_seconds',
    of: 'genops.evaluation.duration',
    kind: 'histogram',
    labels: evaluation,
  },
  { name: 'genops_telemetry_buffer_size', of: 'genops.telemetry.buffered', kind: 'state', labels: {} },
  {
    name: 'genops_cost_calculation_duration_seconds',
    of: 'genops.pricing.duration',
    kind: 'gauge',
    labels: { provider: 'provider' },
  },

  // SkyRouter: the guide’s Grafana queries, its Datadog names, and the performance guide.
  {
    name: 'skyrouter_route_efficiency_score',
    of: 'genops.routing.efficiency',
    kind: 'gauge',
    labels: skyrouter,
    only: ofSkyRouter,
  },
  {
    name: 'skyrouter_route_efficiency',
    of: 'genops.routing.efficiency',
    kind: 'gauge',
    labels: skyrouter,
    only: ofSkyRouter,
  },
  {
    name: 'skyrouter_cost_efficiency_score',
    of: 'genops.routing.efficiency',
    kind: 'gauge',
    labels: skyrouter,
    only: ofSkyRouter,
  },
  {
    name: 'skyrouter_route_selection_duration_seconds',
    of: 'genops.routing.duration',
    kind: 'gauge',
    labels: { strategy: 'strategy' },
    only: ofSkyRouter,
  },
  {
    name: 'skyrouter_route_duration_seconds',
    of: 'genops.routing.duration',
    kind: 'histogram',
    labels: { strategy: 'strategy' },
    only: ofSkyRouter,
  },
  {
    name: 'skyrouter_request_duration_seconds',
    of: 'gen_ai.client.operation.duration',
    kind: 'gauge',
    labels: skyrouter,
    only: ofSkyRouter,
  },
  {
    name: 'skyrouter_requests',
    of: 'genops.operations',
    kind: 'counter',
    labels: skyrouter,
    only: ofSkyRouter,
  },
  {
    name: 'skyrouter_routes',
    of: 'genops.operations',
    kind: 'counter',
    labels: skyrouter,
    only: ofSkyRouter,
  },
  {
    name: 'skyrouter_successful_routes',
    of: 'genops.operations',
    kind: 'counter',
    labels: skyrouter,
    only: { ...ofSkyRouter, outcome: 'completed' },
  },
  {
    name: 'skyrouter_optimized_routes',
    of: 'genops.routing.decisions',
    kind: 'counter',
    labels: skyrouter,
    only: { ...ofSkyRouter, optimal: 'true' },
  },
  {
    name: 'skyrouter_model_usage',
    of: 'genops.attempts',
    kind: 'counter',
    labels: skyrouter,
    only: ofSkyRouter,
  },
  {
    name: 'skyrouter_model_requests',
    of: 'genops.attempts',
    kind: 'counter',
    labels: skyrouter,
    only: ofSkyRouter,
  },
  {
    name: 'genops.skyrouter.cost.total',
    of: 'genops.cost',
    kind: 'counter',
    labels: skyrouter,
    only: ofSkyRouter,
  },
  {
    name: 'genops.skyrouter.operations.count',
    of: 'genops.operations',
    kind: 'counter',
    labels: skyrouter,
    only: ofSkyRouter,
  },
  {
    name: 'genops.skyrouter.routing.efficiency',
    of: 'genops.routing.efficiency',
    kind: 'gauge',
    labels: skyrouter,
    only: ofSkyRouter,
  },
  {
    name: 'genops.skyrouter.budget.utilization',
    of: 'genops.budget.utilization',
    kind: 'state',
    labels: budget,
    only: { ...inMoney, ofSkyRouter: 'true' },
  },
  {
    name: 'genops.skyrouter.model.distribution',
    of: 'genops.attempts',
    kind: 'counter',
    labels: skyrouter,
    only: ofSkyRouter,
  },

  // OpenRouter: the production monitoring guide. Datadog asks for them with dots, Prometheus without.
  {
    name: 'genops_openrouter.requests.total',
    of: 'genops.attempts',
    kind: 'counter',
    labels: openrouter,
    only: ofOpenRouter,
  },
  {
    name: 'genops_openrouter.cost.total',
    of: 'genops.cost',
    kind: 'counter',
    labels: openrouter,
    only: ofOpenRouter,
  },
  {
    name: 'genops_openrouter_errors',
    of: 'genops.errors',
    kind: 'counter',
    labels: { ...openrouter, error_type: 'errorType' },
    only: ofOpenRouter,
  },
  {
    name: 'genops_openrouter_provider_switches',
    of: 'genops.routing.switches',
    kind: 'counter',
    labels: openrouter,
    only: ofOpenRouter,
  },
  {
    name: 'genops_openrouter_request_duration_seconds',
    of: 'gen_ai.client.operation.duration',
    kind: 'histogram',
    labels: openrouter,
    only: ofOpenRouter,
  },
  {
    name: 'genops_openrouter.request.duration',
    of: 'gen_ai.client.operation.duration',
    kind: 'gauge',
    scale: 1000,
    labels: openrouter,
    only: ofOpenRouter,
  },

  // Helicone: its guide’s Grafana queries.
  {
    name: 'genops_helicone_requests',
    of: 'genops.attempts',
    kind: 'counter',
    labels: helicone,
    only: ofHelicone,
  },
  {
    name: 'genops_helicone_request_duration_ms',
    of: 'gen_ai.client.operation.duration',
    kind: 'gauge',
    scale: 1000,
    labels: helicone,
    only: ofHelicone,
  },
  {
    name: 'genops_helicone_cost_usd',
    of: 'genops.cost',
    kind: 'up_down_counter',
    labels: helicone,
    only: ofHelicone,
  },
].map((alias) => ({ ...alias, group: groupOf(alias.name) }) as MetricAlias);

function groupOf(name: string): AliasGroup {
  return aliasGroups.find((group) => group !== 'genops' && name.includes(group)) ?? 'genops';
}

/** Labels by which dashboards tell series apart, beside those of OpenTelemetry. */
export const labelAliases: readonly {
  readonly label: string;
  readonly group: AliasGroup;
  readonly fact: string;
}[] = [
  { label: 'provider', group: 'genops', fact: 'provider' },
  { label: 'model', group: 'genops', fact: 'model' },
  { label: 'team', group: 'genops', fact: 'team' },
  { label: 'project', group: 'genops', fact: 'project' },
  { label: 'environment', group: 'genops', fact: 'environment' },
  { label: 'customer_id', group: 'genops', fact: 'customerId' },
  { label: 'feature', group: 'genops', fact: 'feature' },
  { label: 'policy_name', group: 'genops', fact: 'policy' },
  { label: 'policy_type', group: 'genops', fact: 'reasonCode' },
  { label: 'budget_name', group: 'genops', fact: 'limit' },
  { label: 'evaluation_type', group: 'genops', fact: 'evaluation' },
  { label: 'skyrouter_model', group: 'skyrouter', fact: 'skyRouterModel' },
];

/** Names that queries of the seeds ask for and that do not come from calls. */
export const foreignMetrics = [
  {
    name: 'process_resident_memory_bytes',
    reason: 'the process, not a call: exposed by `@genops/telemetry/prometheus`',
  },
  {
    name: 'process_cpu_seconds_total',
    reason: 'the process, not a call: exposed by `@genops/telemetry/prometheus`',
  },
  { name: 'up', reason: 'Prometheus makes it when it collects; no program can expose it' },
] as const;

/** Reads what was asked for. */
export function chosenGroups(aliases: boolean | readonly AliasGroup[] | undefined): readonly AliasGroup[] {
  if (aliases === undefined || aliases === false) return [];
  return aliases === true ? aliasGroups : aliases;
}
