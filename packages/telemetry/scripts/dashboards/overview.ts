import { metric } from '../names.ts';
import type { Dashboard } from './panel.ts';

const cost = metric('genops.cost');
const operations = metric('genops.operations');
const attempts = metric('genops.attempts');
const errors = metric('genops.errors');
const tokens = metric('genops.tokens');
const latency = metric('gen_ai.client.operation.duration');
const firstChunk = metric('gen_ai.client.operation.time_to_first_chunk');
const refusals = metric('genops.refusals');
const evaluations = metric('genops.policy.evaluations');
const violations = metric('genops.policy.violations');
const inMoney = 'genops_budget_unit="money"';
const who = 'genops_team=~"$genops_team",genops_environment=~"$genops_environment"';
const whom = 'gen_ai_provider_name=~"$gen_ai_provider_name"';

const quantile = (share: number, name: string, by = ''): string =>
  `histogram_quantile(${share}, sum by (le${by}) (rate(${name}_bucket{${whom}}[$__rate_interval])))`;

export const overview: Dashboard = {
  id: 'genops-overview',
  title: 'GenOps: cost, tokens, budgets, policy',
  description: 'What LLM calls cost, for whom, how fast they were, and what was refused.',
  variables: [
    { name: 'genops_team', label: 'Team', metric: cost },
    { name: 'genops_environment', label: 'Environment', metric: cost },
    { name: 'gen_ai_provider_name', label: 'Provider', metric: operations },
  ],
  rows: [
    {
      title: 'Cost',
      panels: [
        {
          title: 'Cost of the last hour',
          kind: 'stat',
          unit: 'currencyUSD',
          width: 4,
          thresholds: { warning: 10, critical: 50 },
          queries: [{ expr: `sum(increase(${cost}{${who},${whom}}[1h]))` }],
        },
        {
          title: 'Cost of the last day',
          kind: 'stat',
          unit: 'currencyUSD',
          width: 4,
          queries: [{ expr: `sum(increase(${cost}{${who},${whom}}[1d]))` }],
        },
        {
          title: 'Cost per hour, by team',
          kind: 'timeseries',
          unit: 'currencyUSD',
          queries: [
            {
              expr: `sum by (genops_team) (rate(${cost}{${who},${whom}}[$__rate_interval])) * 3600`,
              legend: '{{genops_team}}',
            },
          ],
        },
        {
          title: 'Cost per hour, by model',
          kind: 'timeseries',
          unit: 'currencyUSD',
          queries: [
            {
              expr: `sum by (gen_ai_request_model) (rate(${cost}{${who},${whom}}[$__rate_interval])) * 3600`,
              legend: '{{gen_ai_request_model}}',
            },
          ],
        },
        {
          title: 'How costs are known',
          kind: 'piechart',
          unit: 'currencyUSD',
          description: 'Reported by the provider, computed from the catalogue, or estimated.',
          queries: [
            {
              expr: `sum by (genops_cost_basis) (increase(${cost}{${who},${whom}}[1d]))`,
              legend: '{{genops_cost_basis}}',
            },
          ],
        },
        {
          title: 'Avoided by caches, saved by routing',
          kind: 'timeseries',
          unit: 'currencyUSD',
          queries: [
            { expr: `sum(increase(${metric('genops.cost.avoided')}[1h]))`, legend: 'caches' },
            { expr: `sum(increase(${metric('genops.routing.savings')}[1h]))`, legend: 'routing' },
          ],
        },
        {
          title: 'Not priced, not metered',
          kind: 'timeseries',
          description: 'Unknown is not zero: these are in no sum above.',
          queries: [
            { expr: `sum(increase(${metric('genops.unpriced')}[1h]))`, legend: 'unpriced' },
            {
              expr: `sum(increase(${metric('genops.unmetered')}[1h]))`,
              legend: 'estimated, because nothing was metered',
            },
          ],
        },
      ],
    },
    {
      title: 'Tokens',
      panels: [
        {
          title: 'Tokens per second',
          kind: 'timeseries',
          queries: [
            {
              expr: `sum(rate(${metric('genops.tokens.input')}{${who},${whom}}[$__rate_interval]))`,
              legend: 'in',
            },
            {
              expr: `sum(rate(${metric('genops.tokens.output')}{${who},${whom}}[$__rate_interval]))`,
              legend: 'out',
            },
            {
              expr: `sum(rate(${metric('genops.tokens.cache_read')}{${who},${whom}}[$__rate_interval]))`,
              legend: 'of them cached',
            },
            {
              expr: `sum(rate(${metric('genops.tokens.reasoning')}{${who},${whom}}[$__rate_interval]))`,
              legend: 'of them reasoning',
            },
          ],
        },
        {
          title: 'Tokens by team',
          kind: 'piechart',
          queries: [
            {
              expr: `sum by (genops_team) (increase(${tokens}{${who},${whom}}[1d]))`,
              legend: '{{genops_team}}',
            },
          ],
        },
        {
          title: 'Tokens per dollar',
          kind: 'timeseries',
          queries: [
            {
              expr: `sum by (gen_ai_request_model) (rate(${tokens}{${who},${whom}}[1h])) / sum by (gen_ai_request_model) (rate(${cost}{${who},${whom}}[1h]))`,
              legend: '{{gen_ai_request_model}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Latency and errors',
      panels: [
        {
          title: 'Duration',
          kind: 'timeseries',
          unit: 's',
          queries: [
            { expr: quantile(0.5, latency), legend: 'p50' },
            { expr: quantile(0.95, latency), legend: 'p95' },
            { expr: quantile(0.99, latency), legend: 'p99' },
          ],
        },
        {
          title: 'Time to first chunk, p95',
          kind: 'timeseries',
          unit: 's',
          queries: [
            {
              expr: quantile(0.95, firstChunk, ', gen_ai_provider_name'),
              legend: '{{gen_ai_provider_name}}',
            },
          ],
        },
        {
          title: 'Errors by type',
          kind: 'timeseries',
          unit: 'percentunit',
          queries: [
            {
              expr: `sum by (error_type) (rate(${errors}{${who},${whom}}[$__rate_interval])) / ignoring(error_type) group_left sum(rate(${attempts}{${who},${whom}}[$__rate_interval]))`,
              legend: '{{error_type}}',
            },
          ],
        },
        {
          title: 'Calls, and attempts by kind',
          kind: 'timeseries',
          unit: 'reqps',
          queries: [
            { expr: `sum(rate(${operations}{${who},${whom}}[$__rate_interval]))`, legend: 'calls' },
            {
              expr: `sum by (genops_attempt_kind) (rate(${attempts}{${who},${whom}}[$__rate_interval]))`,
              legend: '{{genops_attempt_kind}}',
            },
          ],
        },
        {
          title: 'Our own time, p95',
          kind: 'timeseries',
          unit: 's',
          queries: [
            { expr: quantile(0.95, metric('genops.policy.duration')), legend: 'rules' },
            { expr: quantile(0.95, metric('genops.routing.duration')), legend: 'routing' },
            { expr: quantile(0.95, metric('genops.pricing.duration')), legend: 'pricing' },
          ],
        },
      ],
    },
    {
      title: 'Budgets',
      panels: [
        {
          title: 'Utilization',
          kind: 'gauge',
          unit: 'percentunit',
          thresholds: { warning: 0.8, critical: 1 },
          queries: [
            {
              expr: `max by (genops_budget_name, genops_budget_bucket) (${metric('genops.budget.utilization')})`,
              legend: '{{genops_budget_name}} {{genops_budget_bucket}}',
            },
          ],
        },
        {
          title: 'Left, in money',
          kind: 'table',
          unit: 'currencyUSD',
          queries: [
            {
              expr: `min by (genops_budget_name, genops_budget_bucket) (${metric('genops.budget.remaining')}{${inMoney}})`,
            },
          ],
        },
        {
          title: 'Used, and held for calls under way',
          kind: 'timeseries',
          unit: 'currencyUSD',
          queries: [
            {
              expr: `sum by (genops_budget_name) (${metric('genops.budget.consumed')}{${inMoney}})`,
              legend: '{{genops_budget_name}} used',
            },
            {
              expr: `sum by (genops_budget_name) (${metric('genops.budget.held')}{${inMoney}})`,
              legend: '{{genops_budget_name}} held',
            },
            {
              expr: `max by (genops_budget_name) (${metric('genops.budget.limit')}{${inMoney}})`,
              legend: '{{genops_budget_name}} limit',
            },
          ],
        },
      ],
    },
    {
      title: 'Policy',
      panels: [
        {
          title: 'Compliance of the last hour',
          kind: 'stat',
          unit: 'percentunit',
          width: 4,
          thresholds: { warning: 0.95, critical: 0.9 },
          queries: [
            {
              expr: `1 - (sum(increase(${violations}[1h])) or vector(0)) / sum(increase(${evaluations}[1h]))`,
            },
          ],
        },
        {
          title: 'Refusals by reason',
          kind: 'timeseries',
          queries: [
            {
              expr: `sum by (genops_policy_reason_code) (increase(${refusals}{${who}}[1h]))`,
              legend: '{{genops_policy_reason_code}}',
            },
          ],
        },
        {
          title: 'What shadow rules would have done',
          kind: 'timeseries',
          queries: [
            {
              expr: `sum by (genops_policy_name, genops_policy_result) (increase(${metric('genops.policy.shadow')}[1h]))`,
              legend: '{{genops_policy_name}} {{genops_policy_result}}',
            },
          ],
        },
        {
          title: 'Limits that calls did not fit into',
          kind: 'timeseries',
          queries: [
            {
              expr: `sum by (genops_budget_name) (increase(${metric('genops.budget.exceeded')}[1h]))`,
              legend: '{{genops_budget_name}}',
            },
          ],
        },
      ],
    },
  ],
};
