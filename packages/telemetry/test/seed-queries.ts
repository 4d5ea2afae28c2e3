/** A query of a guide that this project takes the place of, and the section of the guide that prints it. */
export interface SeedQuery {
  readonly query: string;
  readonly from: string;
  /** Why it can have no answer here. */
  readonly impossible?: string;
}

const sky = 'SkyRouter guide, “Dashboard Integration”';
const performance = 'SkyRouter performance guide, “Key Performance Indicators”';
const dashboard = 'SkyRouter performance guide, “Grafana Dashboard Configuration”';
const helicone = 'Helicone guide, “Grafana Dashboard”';
const openrouterPanels = 'OpenRouter monitoring guide, “Grafana Configuration”';
const openrouterRules = 'OpenRouter monitoring guide, “Prometheus Rules”';
const openrouterCore = 'OpenRouter monitoring guide, “Core Metrics”';
const exporter = 'exporter of the GenOps project, its rules and dashboards';

/** Queries in PromQL, as they are printed. */
export const promQueries: readonly SeedQuery[] = [
  { from: sky, query: 'sum(genops_cost_total{provider="skyrouter"})' },
  { from: sky, query: 'sum by (genops_team) (genops_cost_total{provider="skyrouter"})' },
  { from: sky, query: 'sum by (skyrouter_model) (genops_cost_total{provider="skyrouter"})' },
  { from: sky, query: 'avg(skyrouter_route_efficiency_score)' },
  { from: sky, query: 'rate(genops_operations_total{provider="skyrouter"}[5m])' },
  { from: sky, query: 'rate(genops_errors_total{provider="skyrouter"}[5m])' },
  { from: performance, query: 'avg(skyrouter_route_selection_duration_seconds)' },
  { from: performance, query: 'avg(genops_cost_calculation_duration_seconds)' },
  { from: performance, query: 'avg(skyrouter_request_duration_seconds)' },
  { from: performance, query: 'rate(skyrouter_requests_total[1m])' },
  { from: performance, query: 'rate(skyrouter_successful_routes_total[1m])' },
  { from: performance, query: 'rate(skyrouter_optimized_routes_total[1m])' },
  { from: performance, query: "process_resident_memory_bytes{service='skyrouter'}" },
  { from: performance, query: "rate(process_cpu_seconds_total{service='skyrouter'}[1m])" },
  { from: performance, query: 'genops_telemetry_buffer_size' },
  {
    from: performance,
    query: 'increase(genops_cost_total[1h]) / increase(skyrouter_routes_total[1h])',
  },
  { from: performance, query: 'sum by (model) (skyrouter_model_usage_total)' },
  { from: performance, query: 'avg(skyrouter_route_efficiency)' },
  { from: dashboard, query: 'histogram_quantile(0.95, rate(skyrouter_route_duration_seconds_bucket[5m]))' },
  { from: dashboard, query: 'histogram_quantile(0.50, rate(skyrouter_route_duration_seconds_bucket[5m]))' },
  { from: dashboard, query: 'avg(skyrouter_cost_efficiency_score)' },
  { from: dashboard, query: 'sum by (model) (increase(skyrouter_model_requests_total[1h]))' },
  { from: helicone, query: 'rate(genops_helicone_requests_total[5m])' },
  { from: helicone, query: 'avg by (provider) (genops_helicone_request_duration_ms)' },
  { from: helicone, query: 'sum by (team) (increase(genops_helicone_cost_usd[1h]))' },
  { from: openrouterPanels, query: 'rate(genops_openrouter_requests_total[5m])' },
  { from: openrouterPanels, query: 'sum(genops_openrouter_cost_total) by (genops_team)' },
  {
    from: openrouterPanels,
    query: 'sum(genops_openrouter_requests_total) by (genops_openrouter_actual_provider)',
  },
  {
    from: openrouterPanels,
    query:
      'rate(genops_openrouter_requests_total{http_status_code=~"5.."}[5m]) / rate(genops_openrouter_requests_total[5m])',
  },
  {
    from: openrouterPanels,
    query: 'sum(rate(genops_openrouter_request_duration_seconds_bucket[5m])) by (le)',
  },
  {
    from: openrouterRules,
    query: 'rate(genops_openrouter_cost_total[5m]) / rate(genops_openrouter_requests_total[5m])',
  },
  { from: openrouterRules, query: 'increase(genops_openrouter_cost_total[1d])' },
  {
    from: openrouterRules,
    query: 'histogram_quantile(0.95, rate(genops_openrouter_request_duration_seconds_bucket[5m])) > 5',
  },
  {
    from: openrouterRules,
    query: 'up{job="openrouter-service"} == 0',
    impossible: 'Prometheus makes it when it collects; no program can expose it',
  },
  { from: openrouterCore, query: 'genops_openrouter_errors_total' },
  { from: openrouterCore, query: 'genops_openrouter_provider_switches_total' },
  { from: exporter, query: 'sum by (provider) (genops_cost_total_usd)' },
  { from: exporter, query: 'sum by (customer_id) (genops_cost_total_usd)' },
  { from: exporter, query: 'rate(genops_cost_total_usd[1h]) * 3600' },
  { from: exporter, query: 'sum by (team) (genops_cost_total_usd)' },
  {
    from: exporter,
    query: 'sum by (model) (genops_tokens_output_total) / sum by (model) (genops_tokens_input_total)',
  },
  { from: exporter, query: 'sum by (provider) (genops_tokens_total)' },
  { from: exporter, query: 'sum(rate(genops_requests_total[5m])) by (provider)' },
  {
    from: exporter,
    query: 'histogram_quantile(0.95, sum(rate(genops_duration_seconds_bucket[5m])) by (provider, le))',
  },
  {
    from: exporter,
    query:
      'sum(rate(genops_errors_total[5m])) by (provider) / sum(rate(genops_requests_total[5m])) by (provider)',
  },
  { from: exporter, query: 'sum(genops_budget_consumed_usd) / sum(genops_budget_limit_usd)' },
  { from: exporter, query: 'genops_budget_utilization_ratio > 0.8' },
  { from: exporter, query: 'genops_budget_utilization_percent' },
  { from: exporter, query: 'genops_budget_remaining_usd' },
  { from: exporter, query: 'increase(genops_budget_exceeded_total[1h])' },
  { from: exporter, query: 'sum by (policy_name) (rate(genops_policy_violations_total[5m]))' },
  { from: exporter, query: 'rate(genops_policy_violations_total{policy_type="BUDGET_EXCEEDED"}[5m])' },
  { from: exporter, query: 'sum(rate(genops_policy_evaluations_total[5m]))' },
  { from: exporter, query: 'rate(genops_policy_enforcement_actions_total[5m])' },
  { from: exporter, query: 'genops_policy_compliance_rate_ratio < 0.95' },
  { from: exporter, query: 'avg(genops_policy_evaluation_time_ms)' },
  {
    from: exporter,
    query: 'histogram_quantile(0.95, sum by (le, model) (rate(genops_operation_latency_seconds_bucket[5m])))',
  },
  {
    from: exporter,
    query: 'histogram_quantile(0.99, sum by (le) (rate(genops_operation_duration_ms_bucket[5m])))',
  },
  {
    from: exporter,
    query: 'rate(genops_operation_errors_total[5m]) / rate(genops_operations_total[5m])',
  },
  {
    from: exporter,
    query:
      'sum by (evaluation_type) (rate(genops_evaluation_score_sum[5m])) / sum by (evaluation_type) (rate(genops_evaluation_score_count[5m]))',
  },
  { from: exporter, query: 'rate(genops_evaluation_failures_total[5m])' },
  {
    from: exporter,
    query: 'histogram_quantile(0.95, sum by (le) (rate(genops_evaluation_latency_seconds_bucket[5m])))',
  },
  { from: exporter, query: 'sum by (operation_type) (genops_cost_by_operation_usd)' },
];

/** Metrics as Datadog asks for them, by the names that OpenTelemetry sends, with the tags that queries use. */
export const datadogQueries = [
  { from: sky, metric: 'genops.skyrouter.cost.total', tags: [] },
  { from: sky, metric: 'genops.skyrouter.operations.count', tags: [] },
  { from: sky, metric: 'genops.skyrouter.routing.efficiency', tags: [] },
  { from: sky, metric: 'genops.skyrouter.budget.utilization', tags: [] },
  { from: sky, metric: 'genops.skyrouter.model.distribution', tags: ['model'] },
  {
    from: 'OpenRouter monitoring guide, “Custom Metrics Dashboard”',
    metric: 'genops_openrouter.requests.total',
    tags: ['service', 'genops_team', 'genops_model', 'http_status_code'],
  },
  {
    from: 'OpenRouter monitoring guide, “Custom Metrics Dashboard”',
    metric: 'genops_openrouter.cost.total',
    tags: ['service', 'genops_model', 'genops_team'],
  },
  {
    from: 'OpenRouter monitoring guide, “Datadog Monitors”',
    metric: 'genops_openrouter.request.duration',
    tags: ['service', 'genops_openrouter_actual_provider'],
  },
] as const;

/** Attributes of spans as Honeycomb asks for them. */
export const honeycombQueries = [
  {
    from: 'OpenRouter guide, “Honeycomb Integration”',
    query: 'COUNT | WHERE genops.provider = "openrouter" | GROUP BY genops.team',
    attributes: ['genops.provider', 'genops.team'],
  },
  {
    from: 'OpenRouter guide, “Honeycomb Integration”',
    query: 'AVG(genops.cost.total) | WHERE genops.cost.total > 0.01 | GROUP BY genops.model',
    attributes: ['genops.cost.total', 'genops.model'],
  },
  {
    from: 'OpenRouter guide, “Honeycomb Integration”',
    query:
      'COUNT | WHERE genops.openrouter.fallback_used = true | GROUP BY genops.openrouter.actual_provider',
    attributes: ['genops.openrouter.fallback_used', 'genops.openrouter.actual_provider'],
  },
  {
    from: 'OpenRouter monitoring guide, “Honeycomb Integration”',
    query:
      'COUNT | WHERE genops.openrouter.predicted_provider != genops.openrouter.actual_provider | GROUP BY genops.openrouter.predicted_provider, genops.openrouter.actual_provider',
    attributes: ['genops.openrouter.predicted_provider', 'genops.openrouter.actual_provider'],
  },
  {
    from: 'OpenRouter monitoring guide, “Honeycomb Integration”',
    query: 'COUNT | WHERE http.status_code >= 400 | GROUP BY http.route, genops.model',
    attributes: ['http.status_code', 'genops.model'],
    impossible: 'http.route',
  },
] as const;
