import type { Attribution, CallGovernor, Limit } from '@genops/core';

export interface BudgetLimits {
  /** Exact decimal text, in USD; per calendar day in UTC. */
  readonly dailyLimit?: string;
  /** Per calendar month in UTC. */
  readonly monthlyLimit?: string;
  /** Per calendar month in UTC and team, over all providers. */
  readonly perTeamLimits?: Readonly<Record<string, string>>;
}

export interface RateLimitOptions {
  readonly requestsPerMinute: number;
  /** Requests at once beyond the steady rate. @default 1 */
  readonly burstAllowance?: number;
  /** How long a call waits that is over the rate. @default 'exponential' */
  readonly backoffStrategy?: 'exponential' | 'none';
}

/** Limits that replace one another by id. */
export interface ReplaceableLimits {
  set(limits: readonly Limit[]): void;
}

export function createReplaceableLimits(governor: Pick<CallGovernor, 'addLimits'>): ReplaceableLimits {
  let remove = (): void => {};
  return {
    set: (limits) => {
      const before = remove;
      remove = governor.addLimits(limits);
      before();
    },
  };
}

const alertAt = [80, 90, 100];

export function budgetLimits({
  dailyLimit,
  monthlyLimit,
  perTeamLimits = {},
}: BudgetLimits): readonly Limit[] {
  const money = (
    id: string,
    amount: string,
    period: 'day' | 'month',
    match: Limit['scope']['match'],
  ): Limit => ({
    id,
    unit: 'money',
    amount,
    window: { kind: 'calendar', period },
    scope: { match: match ?? {} },
    mode: 'enforced',
    thresholds: alertAt,
  });
  const atHelicone = { provider: ['helicone'] };
  return [
    ...(dailyLimit === undefined ? [] : [money('helicone.daily', dailyLimit, 'day', atHelicone)]),
    ...(monthlyLimit === undefined ? [] : [money('helicone.monthly', monthlyLimit, 'month', atHelicone)]),
    ...Object.entries(perTeamLimits).map(([team, amount]) =>
      money(`team.${team.replace(/[^A-Za-z0-9._-]+/g, '-')}.monthly`, amount, 'month', { team: [team] }),
    ),
  ];
}

export function rateLimit({ requestsPerMinute, burstAllowance = 1 }: RateLimitOptions): Limit {
  return {
    id: 'helicone.rate',
    unit: 'requests',
    amount: String(requestsPerMinute),
    window: { kind: 'rate', seconds: 60, burst: String(burstAllowance) },
    scope: { match: { provider: ['helicone'] } },
    mode: 'enforced',
  };
}

/** The most that one call may cost. */
export function maxCost(amount: string): Limit {
  return {
    id: 'helicone.max-cost',
    unit: 'money',
    amount,
    window: { kind: 'request' },
    scope: {},
    mode: 'enforced',
  };
}

/** Attributes as a caller names them, beside those that nobody foresaw. */
export function attributionOf(values: Attribution): Attribution {
  const { organization, team, project, environment, customerId, userId, feature, costCenter } = values;
  const { sessionId, workflow, tags } = values;
  const known = {
    ...{ organization, team, project, environment, customerId, userId, feature, costCenter },
    ...{ sessionId, workflow, tags },
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)) as Attribution;
}
