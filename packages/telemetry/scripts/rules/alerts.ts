import { metric } from '../names.ts';

/** A rule that alerts. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly severity: 'info' | 'warning' | 'critical';
  /** For people; `{{ $labels.x }}` and `{{ $value }}` as in Prometheus. */
  readonly summary: string;
  readonly action: string;
}

const cost = metric('genops.cost');
const attempts = metric('genops.attempts');
const errors = metric('genops.errors');
const operations = metric('genops.operations');
const tokens = metric('genops.tokens');
const latency = `${metric('gen_ai.client.operation.duration')}_bucket`;
const evaluations = metric('genops.policy.evaluations');
const violations = metric('genops.policy.violations');
const score = metric('genops.evaluation.score');
const utilization = `${metric('genops.budget.utilization')}{genops_budget_unit="money"}`;
const remaining = `${metric('genops.budget.remaining')}{genops_budget_unit="money"}`;
const limit = `${metric('genops.budget.limit')}{genops_budget_unit="money"}`;

const errorRate = (of = '', by = ''): string =>
  `sum${by} (rate(${errors}${of}[5m])) / sum${by} (rate(${attempts}${of}[5m]))`;
const p95 = (of = '', by = ''): string =>
  `histogram_quantile(0.95, sum by (le${by}) (rate(${latency}${of}[5m])))`;
const compliance = `1 - (sum(rate(${violations}[1h])) or vector(0)) / sum(rate(${evaluations}[1h]))`;
const sky = '{gen_ai_provider_name="skyrouter"}';
const open = '{gen_ai_provider_name="openrouter"}';

const costRules: readonly AlertRule[] = [
  {
    alert: 'GenOpsHourlyCostHigh',
    expr: `sum(increase(${cost}[1h])) > 10`,
    for: '5m',
    severity: 'warning',
    summary: '{{ $value | printf "%.2f" }} USD were spent in the last hour',
    action: 'See which team and model it is: genops spend --by team,model',
  },
  {
    alert: 'GenOpsHourlyCostCritical',
    expr: `sum(increase(${cost}[1h])) > 50`,
    for: '2m',
    severity: 'critical',
    summary: '{{ $value | printf "%.2f" }} USD were spent in the last hour',
    action: 'Set or lower a limit; it holds from the next call on',
  },
  {
    alert: 'GenOpsCostSpike',
    expr: `sum(rate(${cost}[5m])) > 2 * sum(rate(${cost}[1h])) and sum(increase(${cost}[1h])) > 1`,
    for: '10m',
    severity: 'warning',
    summary: 'Spending is more than twice that of the last hour',
    action: 'See which team and model it is',
  },
  {
    alert: 'GenOpsTeamCostHigh',
    expr: `sum by (genops_team) (increase(${cost}{genops_team!=""}[1h])) > 5`,
    for: '10m',
    severity: 'warning',
    summary: 'Team {{ $labels.genops_team }} spent {{ $value | printf "%.2f" }} USD in the last hour',
    action: 'Ask the team, or give it a limit',
  },
  {
    alert: 'GenOpsCustomerCostHigh',
    expr: `sum by (genops_customer_id) (increase(${cost}{genops_customer_id!=""}[1h])) > 20`,
    for: '15m',
    severity: 'warning',
    summary:
      'Customer {{ $labels.genops_customer_id }} cost {{ $value | printf "%.2f" }} USD in the last hour',
    action: 'Needs the dimension customerId. Give each customer a limit: per: [customerId]',
  },
  {
    alert: 'GenOpsUnpriced',
    expr: `sum by (gen_ai_provider_name, gen_ai_request_model) (increase(${metric('genops.unpriced')}[1h])) > 0`,
    for: '1m',
    severity: 'warning',
    summary: 'Nobody knows what {{ $labels.gen_ai_provider_name }}/{{ $labels.gen_ai_request_model }} costs',
    action: 'Add a price for it; until then it is in no sum',
  },
];

const budgetRules: readonly AlertRule[] = [
  {
    alert: 'GenOpsBudgetNear',
    expr: `${utilization} > 0.8`,
    for: '10m',
    severity: 'info',
    summary:
      'Budget {{ $labels.genops_budget_name }} {{ $labels.genops_budget_bucket }} is used to {{ $value | humanizePercentage }}',
    action: 'Look at the forecast: genops spend',
  },
  {
    alert: 'GenOpsBudgetAlmostUsed',
    expr: `${utilization} > 0.9`,
    for: '5m',
    severity: 'warning',
    summary:
      'Budget {{ $labels.genops_budget_name }} {{ $labels.genops_budget_bucket }} is used to {{ $value | humanizePercentage }}',
    action: 'Raise it, or expect refusals',
  },
  {
    alert: 'GenOpsBudgetExceeded',
    expr: `${utilization} > 1`,
    for: '1m',
    severity: 'critical',
    summary:
      'Budget {{ $labels.genops_budget_name }} {{ $labels.genops_budget_bucket }} is used to {{ $value | humanizePercentage }}',
    action: 'Only a limit that is advisory or elastic can get here; see what went on',
  },
  {
    alert: 'GenOpsBudgetLeftLow',
    expr: `${remaining} < 100 and ${limit} > 1000`,
    for: '5m',
    severity: 'warning',
    summary: 'Budget {{ $labels.genops_budget_name }} has {{ $value | printf "%.2f" }} left',
    action: 'Raise it, or expect refusals',
  },
];

const policyRules: readonly AlertRule[] = [
  {
    alert: 'GenOpsPolicyViolations',
    expr: `sum(rate(${violations}[5m])) > 1`,
    for: '2m',
    severity: 'warning',
    summary: '{{ $value | printf "%.1f" }} calls a second are against the policy',
    action: 'See reasons and rules on the dashboard',
  },
  {
    alert: 'GenOpsPolicyViolationsCritical',
    expr: `sum by (genops_policy_reason_code) (rate(${violations}{genops_policy_reason_code=~"BUDGET_RESERVATION_FAILED|ACCOUNTING_INVARIANT_VIOLATION"}[5m])) > 0.1`,
    for: '2m',
    severity: 'critical',
    summary: '{{ $labels.genops_policy_reason_code }}: the ledger does not answer, or does not add up',
    action: 'See docs/problems for the reason code',
  },
  {
    alert: 'GenOpsComplianceLow',
    expr: `${compliance} < 0.95`,
    for: '5m',
    severity: 'warning',
    summary: '{{ $value | humanizePercentage }} of calls were within the policy in the last hour',
    action: 'See reasons and rules on the dashboard',
  },
  {
    alert: 'GenOpsComplianceCritical',
    expr: `${compliance} < 0.9`,
    for: '2m',
    severity: 'critical',
    summary: '{{ $value | humanizePercentage }} of calls were within the policy in the last hour',
    action: 'See reasons and rules on the dashboard',
  },
];

const serviceRules: readonly AlertRule[] = [
  {
    alert: 'GenOpsLatencyHigh',
    expr: `${p95()} > 5`,
    for: '5m',
    severity: 'warning',
    summary: 'One call in twenty takes longer than {{ $value | humanizeDuration }}',
    action: 'See which provider it is; let routes go by latency',
  },
  {
    alert: 'GenOpsLatencyCritical',
    expr: `${p95()} > 15`,
    for: '2m',
    severity: 'critical',
    summary: 'One call in twenty takes longer than {{ $value | humanizeDuration }}',
    action: 'See which provider it is; let routes go by latency',
  },
  {
    alert: 'GenOpsModelLatencyHigh',
    expr: `${p95('', ', gen_ai_request_model')} > 10`,
    for: '5m',
    severity: 'warning',
    summary:
      'One call of {{ $labels.gen_ai_request_model }} in twenty takes longer than {{ $value | humanizeDuration }}',
    action: 'Give the model a second place to go',
  },
  {
    alert: 'GenOpsErrorsElevated',
    expr: `${errorRate()} > 0.005`,
    for: '10m',
    severity: 'info',
    summary: '{{ $value | humanizePercentage }} of attempts fail',
    action: 'See error types on the dashboard',
  },
  {
    alert: 'GenOpsErrorsHigh',
    expr: `${errorRate()} > 0.01`,
    for: '5m',
    severity: 'warning',
    summary: '{{ $value | humanizePercentage }} of attempts fail',
    action: 'See error types on the dashboard',
  },
  {
    alert: 'GenOpsTokensHigh',
    expr: `sum(increase(${tokens}[1h])) > 1000000`,
    for: '5m',
    severity: 'info',
    summary: '{{ $value | humanize }} tokens were used in the last hour',
    action: 'See which team and model it is',
  },
  {
    alert: 'GenOpsTokenEfficiencyLow',
    expr: `sum(rate(${tokens}[1h])) / sum(rate(${cost}[1h])) < 1000`,
    for: '15m',
    severity: 'info',
    summary: 'A dollar buys {{ $value | humanize }} tokens',
    action: 'See whether a smaller model would do',
  },
  {
    alert: 'GenOpsNoOperations',
    expr: `sum(rate(${operations}[5m])) == 0`,
    for: '5m',
    severity: 'warning',
    summary: 'There were no calls for five minutes',
    action: 'See whether callers still reach the proxy',
  },
  {
    alert: 'GenOpsDown',
    expr: 'up{job="genops"} == 0',
    for: '2m',
    severity: 'critical',
    summary: '{{ $labels.instance }} does not answer',
    action: 'The job has to be named genops in the scrape configuration',
  },
  {
    alert: 'GenOpsTelemetryDropped',
    expr: `delta(${metric('genops.telemetry.dropped')}[15m]) > 0`,
    for: '5m',
    severity: 'info',
    summary: 'Spans were lost; accounting is not concerned',
    action: 'See whether the collector answers; raise telemetry.batch.maxQueueSize',
  },
  {
    alert: 'GenOpsTooManySeries',
    expr: `increase(${metric('genops.telemetry.overflow')}[1h]) > 0`,
    for: '5m',
    severity: 'info',
    summary: 'Labels became other, because there were too many series',
    action: 'Take a dimension away, or raise maxSeries',
  },
];

const evaluationRules: readonly AlertRule[] = [
  {
    alert: 'GenOpsEvaluationLow',
    expr: `sum by (genops_eval_metric) (rate(${score}_sum[10m])) / sum by (genops_eval_metric) (rate(${score}_count[10m])) < 0.7`,
    for: '10m',
    severity: 'warning',
    summary: 'Answers score {{ $value | printf "%.2f" }} for {{ $labels.genops_eval_metric }}',
    action: 'See which model or prompt changed',
  },
  {
    alert: 'GenOpsEvaluationFailures',
    expr: `sum by (genops_eval_metric) (rate(${metric('genops.evaluation.failures')}[5m])) > 0.5`,
    for: '5m',
    severity: 'warning',
    summary: '{{ $value | printf "%.1f" }} evaluations a second fail for {{ $labels.genops_eval_metric }}',
    action: 'See which model or prompt changed',
  },
];

const gatewayRules: readonly AlertRule[] = [
  {
    alert: 'GenOpsRouteEfficiencyLow',
    expr: `sum(rate(${metric('genops.routing.efficiency')}_sum[15m])) / sum(rate(${metric('genops.routing.efficiency')}_count[15m])) < 0.7`,
    for: '10m',
    severity: 'warning',
    summary: 'What the cheapest place would have cost is {{ $value | humanizePercentage }} of what was paid',
    action: 'See whether the strategy of the route is the one that is wanted',
  },
  {
    alert: 'GenOpsSkyRouterModelErrors',
    expr: `${errorRate(sky, ' by (gen_ai_request_model)')} > 0.05`,
    for: '5m',
    severity: 'critical',
    summary: '{{ $value | humanizePercentage }} of attempts at {{ $labels.gen_ai_request_model }} fail',
    action: 'Take the model out of the candidates',
  },
  {
    alert: 'GenOpsOpenRouterTraffic',
    expr: `sum(rate(${attempts}${open}[5m])) * 60 > 1000`,
    for: '5m',
    severity: 'info',
    summary: '{{ $value | humanize }} requests a minute go to OpenRouter',
    action: 'See which team it is',
  },
  {
    alert: 'GenOpsOpenRouterLatency',
    expr: `${p95(open)} > 5`,
    for: '5m',
    severity: 'warning',
    summary: 'One call to OpenRouter in twenty takes longer than {{ $value | humanizeDuration }}',
    action: 'Sort its providers by latency',
  },
  {
    alert: 'GenOpsOpenRouterErrors',
    expr: `${errorRate(open)} > 0.05`,
    for: '2m',
    severity: 'warning',
    summary: '{{ $value | humanizePercentage }} of attempts at OpenRouter fail',
    action: 'See error types on the dashboard',
  },
  {
    alert: 'GenOpsOpenRouterDailyCost',
    expr: `sum by (genops_team) (increase(${cost}${open}[1d])) > 100`,
    for: '0m',
    severity: 'info',
    summary: 'Team {{ $labels.genops_team }} spent {{ $value | printf "%.2f" }} USD at OpenRouter in a day',
    action: 'Ask the team, or give it a limit',
  },
  {
    alert: 'GenOpsOpenRouterFailovers',
    expr: `sum(increase(${metric('genops.routing.switches')}${open}[1h])) > 10`,
    for: '5m',
    severity: 'warning',
    summary: '{{ $value | humanize }} calls in an hour were served by somebody else than the first choice',
    action: 'See which provider behind OpenRouter fails',
  },
];

export const alertGroups: Readonly<Record<string, readonly AlertRule[]>> = {
  genops_cost: costRules,
  genops_budget: budgetRules,
  genops_policy: policyRules,
  genops_service: serviceRules,
  genops_evaluation: evaluationRules,
  genops_gateways: gatewayRules,
};
