import {
  type CallGovernor,
  ConfigurationError,
  chatFacts,
  compareMoney,
  type ModelAt,
  type Money,
  money,
  multiplyMoney,
  subtractMoney,
} from '@genops/core';

export interface CompareOptions {
  readonly governor: Pick<CallGovernor, 'rank'>;
  readonly message: string;
  /** By provider, as the price catalogue spells it. */
  readonly models: Readonly<Record<string, string>>;
  /** @default what the catalogue assumes of the model */
  readonly maxTokens?: number;
}

export interface CostComparison {
  /** Absent when nothing has a price. */
  readonly cheapestProvider?: string;
  /** Between the dearest and the cheapest. */
  readonly maxSavings: Money;
  readonly costByProvider: Readonly<Record<string, Money>>;
  /** Providers whose model has no price: not free, unknown. */
  readonly unpriced: readonly string[];
}

/** What the same message will probably cost at each provider. Sends nothing. */
export function compareProviderCosts({
  governor,
  message,
  models,
  maxTokens,
}: CompareOptions): CostComparison {
  const candidates = Object.entries(models).map(([provider, model]) => ({ provider, model }));
  const messages = [{ role: 'user' as const, content: message }];
  const question = { model: '', messages, ...(maxTokens !== undefined && { maxTokens }) };
  const ranked = governor.rank({ candidates, objective: 'cost', facts: chatFacts(question) });
  const priced = ranked.flatMap(({ provider, estimatedCost }) =>
    estimatedCost === undefined ? [] : [[provider, estimatedCost] as const],
  );
  const [cheapest] = priced;
  const dearest = priced.at(-1);
  return {
    ...(cheapest !== undefined && { cheapestProvider: cheapest[0] }),
    maxSavings: cheapest && dearest ? subtractMoney(dearest[1], cheapest[1]) : money('0'),
    costByProvider: Object.fromEntries(priced),
    unpriced: ranked
      .filter(({ estimatedCost }) => estimatedCost === undefined)
      .map(({ provider }) => provider),
  };
}

export interface MigrationOptions {
  readonly governor: Pick<CallGovernor, 'pricing'>;
  readonly current: ModelAt;
  readonly targets: readonly ModelAt[];
  readonly historicalUsage: {
    readonly requestsPerDay: number;
    /** Of one request, on average; input and output have prices of their own, so one number would not do. */
    readonly averageInputTokens: number;
    readonly averageOutputTokens: number;
    /** @default 30 */
    readonly daysPerMonth?: number;
  };
  readonly now?: () => Date;
}

export interface MigrationEstimate {
  readonly currentMonthlyCost: Money;
  /** The cheapest first. */
  readonly targets: readonly (ModelAt & { readonly monthlyCost: Money; readonly savings: Money })[];
  /** Of the cheapest target, nothing when all cost more. */
  readonly projectedSavings: Money;
  readonly unpriced: readonly ModelAt[];
}

/**
 * What the same traffic would cost elsewhere, at today's prices and the same numbers of tokens. Another
 * model counts tokens differently and writes answers of other lengths, which this cannot know.
 *
 * @throws {ConfigurationError} when the current model has no price, or a number is not whole
 */
export function estimateMigrationCosts(options: MigrationOptions): MigrationEstimate {
  const { governor, current, targets, historicalUsage } = options;
  const { requestsPerDay, averageInputTokens, averageOutputTokens, daysPerMonth = 30 } = historicalUsage;
  for (const [name, value] of Object.entries(historicalUsage)) {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new ConfigurationError(`historicalUsage.${name}`, `expected a whole number, got ${value}`);
  }
  const at = (options.now ?? (() => new Date()))().toISOString();
  const usage = { inputTokens: averageInputTokens, outputTokens: averageOutputTokens };
  const monthly = (place: ModelAt): Money | undefined => {
    const cost = governor.pricing.price({ ...place, at, usage });
    return cost.result === 'unpriced'
      ? undefined
      : multiplyMoney(cost.total, BigInt(requestsPerDay) * BigInt(daysPerMonth));
  };
  const currentMonthlyCost = monthly(current);
  if (currentMonthlyCost === undefined) {
    throw new ConfigurationError('current', `no price is known of ${current.provider}/${current.model}`);
  }
  const priced = targets.flatMap((target) => {
    const monthlyCost = monthly(target);
    if (monthlyCost === undefined) return [];
    return [{ ...target, monthlyCost, savings: subtractMoney(currentMonthlyCost, monthlyCost) }];
  });
  priced.sort((left, right) => compareMoney(left.monthlyCost, right.monthlyCost));
  const best = priced[0]?.savings;
  const nothing = money('0', currentMonthlyCost.currency);
  return {
    currentMonthlyCost,
    targets: priced,
    projectedSavings: best !== undefined && compareMoney(best, nothing) > 0 ? best : nothing,
    unpriced: targets.filter((target) => monthly(target) === undefined),
  };
}
