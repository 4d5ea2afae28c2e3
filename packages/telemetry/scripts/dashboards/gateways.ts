import { alias, metric } from '../names.ts';
import type { Dashboard } from './panel.ts';

const cost = metric('genops.cost');

/** The panels that the SkyRouter guides print, under the names that they print. */
export const skyrouter: Dashboard = {
  id: 'genops-skyrouter',
  title: 'GenOps: SkyRouter',
  description: 'The panels of the SkyRouter guides. Needs the aliases `genops` and `skyrouter`.',
  variables: [],
  rows: [
    {
      title: 'Cost and routing',
      panels: [
        {
          title: 'Total cost',
          kind: 'stat',
          unit: 'currencyUSD',
          width: 4,
          queries: [{ expr: `sum(${cost}{provider="skyrouter"})` }],
        },
        {
          title: 'Cost by team',
          kind: 'timeseries',
          unit: 'currencyUSD',
          queries: [
            { expr: `sum by (genops_team) (${cost}{provider="skyrouter"})`, legend: '{{genops_team}}' },
          ],
        },
        {
          title: 'Cost by model',
          kind: 'timeseries',
          unit: 'currencyUSD',
          queries: [
            {
              expr: `sum by (skyrouter_model) (${cost}{provider="skyrouter"})`,
              legend: '{{skyrouter_model}}',
            },
          ],
        },
        {
          title: 'Route efficiency',
          kind: 'gauge',
          unit: 'percentunit',
          width: 4,
          thresholds: { warning: 0.9, critical: 0.7 },
          queries: [{ expr: `avg(${alias('skyrouter_route_efficiency_score')})` }],
        },
        {
          title: 'Multi-model cost efficiency',
          kind: 'stat',
          unit: 'percentunit',
          width: 4,
          queries: [{ expr: `avg(${alias('skyrouter_cost_efficiency_score')})` }],
        },
        {
          title: 'Cost per route',
          kind: 'timeseries',
          unit: 'currencyUSD',
          queries: [
            {
              expr: `sum(increase(${cost}{provider="skyrouter"}[1h])) / sum(increase(${alias('skyrouter_routes')}[1h]))`,
            },
          ],
        },
        {
          title: 'Model usage distribution',
          kind: 'piechart',
          queries: [
            {
              expr: `sum by (model) (increase(${alias('skyrouter_model_requests')}[1h]))`,
              legend: '{{model}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Traffic and latency',
      panels: [
        {
          title: 'Operations and errors',
          kind: 'timeseries',
          unit: 'reqps',
          queries: [
            {
              expr: `sum(rate(${metric('genops.operations')}{provider="skyrouter"}[5m]))`,
              legend: 'operations',
            },
            { expr: `sum(rate(${metric('genops.errors')}{provider="skyrouter"}[5m]))`, legend: 'errors' },
          ],
        },
        {
          title: 'Route selection latency',
          kind: 'timeseries',
          unit: 's',
          queries: [
            {
              expr: `histogram_quantile(0.95, sum by (le) (rate(${alias('skyrouter_route_duration_seconds')}_bucket[5m])))`,
              legend: 'p95',
            },
            {
              expr: `histogram_quantile(0.50, sum by (le) (rate(${alias('skyrouter_route_duration_seconds')}_bucket[5m])))`,
              legend: 'p50',
            },
          ],
        },
        {
          title: 'Routes',
          kind: 'timeseries',
          unit: 'reqps',
          queries: [
            { expr: `sum(rate(${alias('skyrouter_requests')}[5m]))`, legend: 'requests' },
            { expr: `sum(rate(${alias('skyrouter_successful_routes')}[5m]))`, legend: 'successful' },
            { expr: `sum(rate(${alias('skyrouter_optimized_routes')}[5m]))`, legend: 'optimized' },
          ],
        },
        {
          title: 'Telemetry buffer',
          kind: 'timeseries',
          queries: [{ expr: alias('genops_telemetry_buffer_size') }],
        },
      ],
    },
  ],
};

const requests = alias('genops_openrouter.requests.total');
const duration = alias('genops_openrouter_request_duration_seconds');

/** The panels that the OpenRouter monitoring guide prints. */
export const openrouter: Dashboard = {
  id: 'genops-openrouter',
  title: 'GenOps: OpenRouter',
  description: 'The panels of the OpenRouter monitoring guide. Needs the alias `openrouter`.',
  variables: [],
  rows: [
    {
      title: 'OpenRouter',
      panels: [
        {
          title: 'Request rate',
          kind: 'stat',
          unit: 'reqps',
          thresholds: { warning: 10, critical: 50 },
          queries: [
            {
              expr: `sum by (genops_team, genops_model) (rate(${requests}[5m]))`,
              legend: '{{genops_team}} - {{genops_model}}',
            },
          ],
        },
        {
          title: 'Cost tracking',
          kind: 'timeseries',
          unit: 'currencyUSD',
          queries: [
            {
              expr: `sum(${alias('genops_openrouter.cost.total')}) by (genops_team)`,
              legend: '{{genops_team}}',
            },
          ],
        },
        {
          title: 'Provider distribution',
          kind: 'piechart',
          queries: [
            {
              expr: `sum(${requests}) by (genops_openrouter_actual_provider)`,
              legend: '{{genops_openrouter_actual_provider}}',
            },
          ],
        },
        {
          title: 'Error rate',
          kind: 'timeseries',
          unit: 'percentunit',
          thresholds: { warning: 0.02, critical: 0.05 },
          queries: [
            {
              expr: `sum(rate(${requests}{http_status_code=~"5.."}[5m])) / sum(rate(${requests}[5m]))`,
              legend: 'error rate',
            },
          ],
        },
        {
          title: 'Response time',
          kind: 'timeseries',
          unit: 's',
          thresholds: { warning: 3, critical: 5 },
          queries: [
            { expr: `histogram_quantile(0.95, sum(rate(${duration}_bucket[5m])) by (le))`, legend: 'p95' },
            { expr: `histogram_quantile(0.50, sum(rate(${duration}_bucket[5m])) by (le))`, legend: 'p50' },
          ],
        },
        {
          title: 'Failovers per hour',
          kind: 'timeseries',
          thresholds: { warning: 5, critical: 10 },
          queries: [{ expr: `sum(increase(${alias('genops_openrouter_provider_switches')}[1h]))` }],
        },
      ],
    },
  ],
};

/** The panels that the Helicone guide prints. */
export const helicone: Dashboard = {
  id: 'genops-helicone',
  title: 'GenOps: Helicone',
  description: 'The panels of the Helicone guide. Needs the alias `helicone`.',
  variables: [],
  rows: [
    {
      title: 'Helicone',
      panels: [
        {
          title: 'Gateway requests per second',
          kind: 'timeseries',
          unit: 'reqps',
          queries: [{ expr: `sum(rate(${alias('genops_helicone_requests')}[5m]))` }],
        },
        {
          title: 'Last response time by provider',
          kind: 'timeseries',
          unit: 'ms',
          queries: [
            {
              expr: `avg by (provider) (${alias('genops_helicone_request_duration_ms')})`,
              legend: '{{provider}}',
            },
          ],
        },
        {
          title: 'Cost per hour by team',
          kind: 'timeseries',
          unit: 'currencyUSD',
          queries: [
            {
              expr: `sum by (team) (increase(${alias('genops_helicone_cost_usd')}[1h]))`,
              legend: '{{team}}',
            },
          ],
        },
      ],
    },
  ],
};
