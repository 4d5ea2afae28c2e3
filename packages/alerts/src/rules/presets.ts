import type { AlertRuleInput } from './schema.ts';

const minutes = 60;
const hour = 3_600;
const day = 86_400;

/** Spending, budgets, policy, latency and errors of a platform that many teams share. */
const platform: readonly AlertRuleInput[] = [
  { id: 'cost-high', kind: 'cost', above: '10', forSeconds: 5 * minutes },
  { id: 'cost-very-high', kind: 'cost', above: '50', forSeconds: 2 * minutes, severity: 'critical' },
  { id: 'cost-spike', kind: 'spike', factor: '2', minimum: '0.01', forSeconds: 10 * minutes },
  { id: 'team-cost-high', kind: 'cost', above: '5', per: ['team'], forSeconds: 10 * minutes },
  { id: 'customer-cost-high', kind: 'cost', above: '20', per: ['customerId'], forSeconds: 15 * minutes },
  { id: 'budget-80', kind: 'threshold', at: [80], severity: 'info' },
  { id: 'budget-90', kind: 'threshold', at: [90] },
  { id: 'budget-exceeded', kind: 'threshold', at: [100], severity: 'critical' },
  { id: 'violations', kind: 'count', of: 'violations', above: 60, forSeconds: 2 * minutes },
  {
    id: 'content-violations',
    kind: 'count',
    of: 'violations',
    reasons: ['POLICY_DENY_CONTENT'],
    above: 6,
    severity: 'critical',
  },
  { id: 'compliance-low', kind: 'share', of: 'violations', above: 0.05, windowSeconds: hour },
  {
    id: 'compliance-very-low',
    kind: 'share',
    of: 'violations',
    above: 0.1,
    windowSeconds: hour,
    severity: 'critical',
  },
  { id: 'latency-high', kind: 'latency', aboveMs: 5_000, forSeconds: 5 * minutes },
  {
    id: 'latency-very-high',
    kind: 'latency',
    aboveMs: 15_000,
    forSeconds: 2 * minutes,
    severity: 'critical',
  },
  { id: 'model-latency-high', kind: 'latency', aboveMs: 10_000, per: ['model'] },
  { id: 'errors', kind: 'share', of: 'failures', above: 0.005, forSeconds: 10 * minutes },
  {
    id: 'many-errors',
    kind: 'share',
    of: 'failures',
    above: 0.01,
    forSeconds: 5 * minutes,
    severity: 'critical',
  },
  { id: 'tokens-high', kind: 'count', of: 'tokens', above: 1_000_000, windowSeconds: hour, severity: 'info' },
  { id: 'tokens-dear', kind: 'tokens-per-cost', below: '1000', severity: 'info' },
  { id: 'no-calls', kind: 'silence', windowSeconds: 5 * minutes },
  { id: 'provider-out', kind: 'outage', of: ['provider'], forSeconds: 2 * minutes, severity: 'critical' },
];

/** Routing that is dearer or fails more often than it should. */
const skyrouter: readonly AlertRuleInput[] = [
  { id: 'budget-80', kind: 'threshold', at: [80] },
  {
    id: 'hourly-cost-spike',
    kind: 'spike',
    factor: '2.5',
    windowSeconds: hour,
    baselineSeconds: day,
    minimum: '0.01',
    severity: 'critical',
  },
  { id: 'route-efficiency-low', kind: 'efficiency', below: 0.7 },
  { id: 'model-errors', kind: 'share', of: 'failures', above: 0.05, per: ['model'] },
];

/** A service with an agreement about how well it serves. */
const enterprise: readonly AlertRuleInput[] = [
  {
    id: 'cost-spike',
    kind: 'spike',
    factor: '1.5',
    windowSeconds: hour,
    baselineSeconds: day,
    minimum: '0.01',
  },
  { id: 'latency-high', kind: 'latency', aboveMs: 5_000, forSeconds: 3 * minutes },
  { id: 'errors', kind: 'share', of: 'failures', above: 0.01 },
  {
    id: 'availability-low',
    kind: 'share',
    of: 'failures',
    above: 0.005,
    windowSeconds: 10 * minutes,
    minimumCalls: 200,
    severity: 'critical',
  },
  { id: 'failures', kind: 'count', of: 'failures', above: 5 },
  {
    id: 'traffic-spike',
    kind: 'spike',
    of: 'calls',
    factor: '2',
    windowSeconds: 15 * minutes,
    baselineSeconds: day,
    minimum: '10',
    severity: 'info',
  },
];

const told = { repeatSeconds: hour } as const;

/** A gateway with many providers behind it. */
const openrouter: readonly AlertRuleInput[] = [
  { ...told, id: 'requests-high', kind: 'count', of: 'calls', above: 1_000, severity: 'info' },
  { ...told, id: 'latency-high', kind: 'latency', aboveMs: 5_000 },
  { ...told, id: 'cost-high', kind: 'cost', above: '100', windowSeconds: day, severity: 'critical' },
  { ...told, id: 'errors', kind: 'share', of: 'failures', above: 0.05, severity: 'critical' },
  { ...told, id: 'failovers', kind: 'count', of: 'failovers', above: 10, windowSeconds: hour },
  { ...told, id: 'errors-burst', kind: 'count', of: 'failures', above: 10 },
  {
    ...told,
    id: 'team-cost-burst',
    kind: 'cost',
    above: '10',
    windowSeconds: 5 * minutes,
    per: ['team'],
  },
  { ...told, id: 'failovers-burst', kind: 'count', of: 'failovers', above: 5 },
];

/** Rules that have proved useful, by name: to use as they are, or to copy and change. */
export const alertPresets: Readonly<
  Record<'platform' | 'skyrouter' | 'enterprise' | 'openrouter', readonly AlertRuleInput[]>
> = { platform, skyrouter, enterprise, openrouter };
