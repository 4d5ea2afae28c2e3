import {
  type CallGovernor,
  ConfigurationError,
  type Limit,
  type LimitMode,
  type LimitState,
  type Money,
  moneyFromJson,
  sumMoney,
} from '@genops/core';

export interface CostSummary {
  readonly totalCost: Money;
  readonly totalOperations: number;
  readonly costByModel: Readonly<Record<string, Money>>;
  readonly costByRoute: Readonly<Record<string, Money>>;
  readonly costByTeam: Readonly<Record<string, Money>>;
  readonly costByProject: Readonly<Record<string, Money>>;
  readonly costByOperationType: Readonly<Record<string, Money>>;
}

export interface BudgetStatus {
  readonly budgets: readonly (LimitState & { readonly utilizationPercent: number })[];
  readonly budgetAlerts: readonly {
    readonly limitId: string;
    readonly severity: 'warning' | 'critical' | 'exceeded';
    readonly message: string;
  }[];
}

/** Sums what the ledger has of SkyRouter, and keeps daily budgets of teams and projects. */
export interface CostAggregator {
  /** @param options.lastHours - @default 24 */
  getSummary(options?: { readonly lastHours?: number }): Promise<CostSummary>;
  /** A daily budget, in UTC, over all calls of the team: those of other adapters and providers too. */
  setTeamBudget(team: string, amount: string): void;
  setProjectBudget(project: string, amount: string): void;
  checkBudgetStatus(): Promise<BudgetStatus>;
}

/** Percentages that alert, once each a day. */
export const budgetThresholds = [80, 90, 100] as const;

/** A budget that counts anew each day, in UTC. */
export function dailyBudget(
  id: string,
  amount: string,
  match: Readonly<Record<string, readonly string[]>>,
  mode: LimitMode,
  thresholds: readonly number[],
): Limit {
  return {
    id,
    unit: 'money',
    amount,
    window: { kind: 'calendar', period: 'day' },
    scope: { match },
    mode,
    thresholds,
  };
}

/** Limits of one governor that can be replaced one by one. */
export interface OwnLimits {
  set(limit: Limit): void;
  get(id: string): Limit | undefined;
  readonly all: readonly Limit[];
}

export function createOwnLimits(governor: Pick<CallGovernor, 'addLimits'>): OwnLimits {
  const limits = new Map<string, { readonly limit: Limit; readonly remove: () => void }>();
  return {
    set: (limit) => {
      const remove = governor.addLimits([limit]);
      limits.get(limit.id)?.remove();
      limits.set(limit.id, { limit, remove });
    },
    get: (id) => limits.get(id)?.limit,
    get all() {
      return [...limits.values()].map(({ limit }) => limit);
    },
  };
}

/** A hundred years. */
const mostHours = 876_000;

interface AggregatorOptions {
  readonly mode: LimitMode;
  /** What budgets announce, in percent. */
  readonly thresholds: readonly number[];
  readonly now: () => Date;
}

export function createCostAggregator(
  ledger: CallGovernor['ledger'],
  limits: OwnLimits,
  { mode, thresholds, now }: AggregatorOptions,
): CostAggregator {
  const set = (dimension: 'team' | 'project', value: string, amount: string): void =>
    limits.set(
      dailyBudget(`${dimension}-${idOf(value)}-daily`, amount, { [dimension]: [value] }, mode, thresholds),
    );
  return {
    getSummary: async ({ lastHours = 24 } = {}) => {
      if (!(lastHours > 0 && lastHours <= mostHours))
        throw new ConfigurationError(
          'lastHours',
          `expected a number above 0, at most ${mostHours}; got ${lastHours}`,
        );
      const from = new Date(now().getTime() - lastHours * 3_600_000).toISOString();
      const filter = { from, match: { provider: ['skyrouter'] } };
      const by = async (dimension: string): Promise<Record<string, Money>> => {
        const rows = await ledger.sum({ by: [dimension], filter });
        return Object.fromEntries(rows.map(({ group, cost }) => [group[dimension] ?? 'none', cost]));
      };
      const total = await ledger.sum({ by: [], filter });
      return {
        totalCost: sumMoney(
          total.map(({ cost }) => cost),
          total[0]?.cost.currency,
        ),
        totalOperations: total.reduce((sum, { entries }) => sum + entries, 0),
        costByModel: await by('model'),
        costByRoute: await by('tags.route'),
        costByTeam: await by('team'),
        costByProject: await by('project'),
        costByOperationType: await by('tags.operation_type'),
      };
    },
    setTeamBudget: (team, amount) => set('team', team, amount),
    setProjectBudget: (project, amount) => set('project', project, amount),
    checkBudgetStatus: async () => {
      const states = await ledger.states(limits.all.map((limit) => ({ limit, bucket: '' })));
      const budgets = states.map((state) => ({ ...state, utilizationPercent: utilization(state) }));
      return { budgets, budgetAlerts: budgets.flatMap((budget) => alertOf(budget)) };
    },
  };
}

/** What is spent and held, of what may be. */
function utilization({ amount, settled, held, currency }: LimitState): number {
  const of = (text: string): number =>
    moneyFromJson({ amount: text, currency: currency ?? 'USD' }).amount.toNumber();
  return of(amount) === 0 ? 100 : ((of(settled) + of(held)) / of(amount)) * 100;
}

function alertOf(budget: BudgetStatus['budgets'][number]): BudgetStatus['budgetAlerts'] {
  const { limitId, utilizationPercent } = budget;
  const [warning, critical, exceeded] = budgetThresholds;
  if (utilizationPercent < warning) return [];
  const severity =
    utilizationPercent >= exceeded ? 'exceeded' : utilizationPercent >= critical ? 'critical' : 'warning';
  const message = `Budget "${limitId}" is used up to ${utilizationPercent.toFixed(1)} %: ${budget.settled} of ${budget.amount} ${budget.currency ?? 'USD'} spent, ${budget.held} held`;
  return [{ limitId, severity, message }];
}

export function idOf(value: string): string {
  return value.replace(/[^A-Za-z0-9._-]+/g, '-');
}
