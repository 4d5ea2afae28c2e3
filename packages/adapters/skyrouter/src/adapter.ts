import {
  type Attribution,
  type CallGovernor,
  type ChatClient,
  ConfigurationError,
  chatFacts,
  type Limit,
  type RankedModel,
  type SessionBudget,
  type SessionReport,
} from '@genops/core';
import { checkShare, checkWholeNumber } from './check-number.ts';
import {
  budgetThresholds,
  type CostAggregator,
  createCostAggregator,
  createOwnLimits,
  dailyBudget,
  idOf,
} from './cost-aggregator.ts';
import { diagnosePerformance, type PerformanceDiagnosis, type PerformanceOptions } from './diagnose.ts';
import { closeIdleSessions, type MemoryManagementOptions, type MemoryUsage, memoryUsage } from './memory.ts';
import {
  type BatchListener,
  type BatchOptions,
  createOperationFeed,
  type ExportStatistics,
} from './operations.ts';
import { messagesOf, type Prompt } from './prompt.ts';
import { createSkyRouter, type SkyRouterOptions } from './provider.ts';
import {
  type AgentStep,
  type AgentWorkflowOptions,
  type AgentWorkflowResult,
  createSkyRouterSession,
  type MultiModelOptions,
  type OperationResult,
  type SkyRouterSession,
} from './session.ts';
import { type GovernancePolicy, limitModeOf, objectiveOf, type RoutingStrategy } from './strategy.ts';
import { type VolumeDiscountInfo, type VolumeTier, volumeDiscountInfo } from './volume.ts';

export interface SkyRouterAdapterOptions {
  /** Makes the calls governed: `createGovernor` of `@genops/governor`. */
  readonly governor: CallGovernor;
  /** `new OpenAI({ baseURL, apiKey })`, with the address and the key that SkyRouter gave. */
  readonly client: ChatClient;
  readonly team?: string;
  readonly project?: string;
  readonly environment?: string;
  readonly customerId?: string;
  readonly costCenter?: string;
  readonly feature?: string;
  /** Further attributes of every call. */
  readonly tags?: Readonly<Record<string, string>>;
  /** What these attributes may cost at SkyRouter in a day, in UTC; exact decimal text, in USD. @default no limit */
  readonly dailyBudgetLimit?: string;
  /** Whether the adapter's budgets announce 80, 90 and 100 percent. @default true */
  readonly enableCostAlerts?: boolean;
  /** @default 'enforced' */
  readonly governancePolicy?: GovernancePolicy;
  /** A contract's discounts, for {@link SkyRouterAdapter.volumeDiscountInfo}. @default none */
  readonly volumeTiers?: readonly VolumeTier[];
  /** On whose price list a model is. @default its maker's */
  readonly priceAs?: SkyRouterOptions['priceAs'];
  /** Reports of closed sessions that are kept; the oldest go first. @default 100 */
  readonly maxSessionCacheSize?: number;
  readonly now?: () => Date;
  readonly random?: () => number;
}

export interface CostThresholdInfo {
  readonly limitId: string;
  /** Of the daily budget, between 0 and 1. */
  readonly threshold: number;
  readonly utilizationPercent: number;
}

/** SkyRouter by the names of its guide, over real calls. */
export interface SkyRouterAdapter {
  readonly attribution: Attribution;
  trackRoutingSession(
    name: string,
    options?: { readonly id?: string; readonly budget?: SessionBudget; readonly attribution?: Attribution },
  ): SkyRouterSession;
  /** One routing, in a session of its own. */
  routeToBestModel(options: RouteToBestModelOptions): Promise<OperationResult>;
  /** One workflow, in a session of its own. */
  runAgentWorkflow(options: RunAgentWorkflowOptions): Promise<AgentWorkflowResult>;
  /** What a request will probably cost, at each of these models, the cheapest first. Sends nothing. */
  calculateMultiModelCost(
    models: readonly string[],
    input: Prompt,
    maxTokens?: number,
  ): readonly RankedModel[];
  /** What a request will probably cost. Sends nothing. */
  calculateModelCallCost(model: string, input: Prompt, maxTokens?: number): RankedModel;
  readonly costAggregator: CostAggregator;
  /**
   * Calls `listener` when the daily budget is used up to `threshold`, once a day.
   *
   * @param threshold - above 0, and at most 1
   * @returns a function that ends it
   * @throws {ConfigurationError} when there is no daily budget
   */
  onCostThreshold(threshold: number, listener: (info: CostThresholdInfo) => void): () => void;
  /** Calls `listener` after each routing whose choice was worse than `threshold`. @returns a function that ends it */
  onRouteEfficiencyThreshold(threshold: number, listener: (result: OperationResult) => void): () => void;
  /** Tells of operations, of all or of a sample. @returns a function that ends it */
  onOperation(
    listener: (result: OperationResult) => void,
    options?: { readonly samplingRate?: number },
  ): () => void;
  /** Tells of operations many at a time. @returns a function that hands over what is left, and ends it */
  onOperationBatches(listener: BatchListener, options?: BatchOptions): () => Promise<void>;
  getTelemetryExportStats(): ExportStatistics;
  getMemoryUsageTracker(): MemoryUsage;
  /** Closes sessions that somebody forgot to close. @returns a function that ends it */
  enableAutomaticMemoryManagement(options: MemoryManagementOptions): () => void;
  volumeDiscountInfo(): Promise<VolumeDiscountInfo>;
  /** Times the choice of a model; sends nothing. */
  diagnosePerformance(options: PerformanceOptions): Promise<PerformanceDiagnosis>;
  readonly sessions: {
    readonly active: readonly SkyRouterSession[];
    /** Reports of the last closed ones. */
    readonly closed: readonly SessionReport[];
  };
}

export interface RouteToBestModelOptions
  extends Pick<MultiModelOptions, 'routingStrategy' | 'fallbackModels' | 'order' | 'maxTokens'> {
  readonly candidates: readonly string[];
  readonly prompt: Prompt;
}

export interface RunAgentWorkflowOptions extends Pick<AgentWorkflowOptions, 'budget' | 'onStepFailure'> {
  readonly name: string;
  readonly steps: readonly AgentStep[];
}

/**
 * Makes an adapter: a client of SkyRouter that knows what sessions, routings and workflows are.
 *
 * @throws {ConfigurationError} when an option is not well-formed, the governance policy included
 */
export function createSkyRouterAdapter(options: SkyRouterAdapterOptions): SkyRouterAdapter {
  const { governor, enableCostAlerts = true, maxSessionCacheSize = 100, volumeTiers = [] } = options;
  const { team, project, environment, customerId, costCenter, feature, tags } = options;
  const now = options.now ?? (() => new Date());
  const mode = limitModeOf(options.governancePolicy ?? 'enforced');
  const thresholds = enableCostAlerts ? budgetThresholds : [];
  checkWholeNumber('maxSessionCacheSize', maxSessionCacheSize, 0);
  const attribution = withoutUndefined({
    team,
    project,
    environment,
    customerId,
    costCenter,
    feature,
    tags,
  }) as Attribution;
  const provider = createSkyRouter({
    baseUrl: options.client.baseURL,
    ...(options.priceAs !== undefined && { priceAs: options.priceAs }),
  });
  const client = governor.wrap(options.client, { provider });
  const limits = createOwnLimits(governor);
  const daily = dailyLimit(options, attribution, mode, thresholds);
  if (daily !== undefined) limits.set(daily);
  const feed = createOperationFeed(options.random ?? Math.random);
  const active = new Set<SkyRouterSession>();
  const closed: SessionReport[] = [];

  const trackRoutingSession: SkyRouterAdapter['trackRoutingSession'] = (name, own = {}) => {
    const { id, budget } = own;
    const session = createSkyRouterSession(
      {
        governor,
        client,
        provider,
        now,
        onOperation: feed.publish,
        onClosed: (report) => {
          if (!active.delete(session)) return;
          closed.push(report);
          if (closed.length > maxSessionCacheSize) closed.shift();
        },
      },
      governor.startSession({
        name,
        attribution: { ...attribution, ...own.attribution, tags: { ...tags, ...own.attribution?.tags } },
        ...(id !== undefined && { id }),
        ...(budget !== undefined && { budget }),
      }),
    );
    active.add(session);
    return session;
  };

  const rank = (models: readonly string[], input: Prompt, strategy: RoutingStrategy, maxTokens?: number) =>
    governor.rank({
      candidates: models.map((model) => ({ provider: provider.id, model })),
      objective: objectiveOf(strategy),
      facts: chatFacts({
        model: models[0] ?? '',
        messages: messagesOf(input),
        ...(maxTokens !== undefined && { maxTokens }),
      }),
    });

  return {
    attribution,
    trackRoutingSession,
    routeToBestModel: async ({ candidates, prompt, ...routing }) => {
      await using session = trackRoutingSession('route_to_best_model');
      return await session.trackMultiModelRouting({ models: candidates, input: prompt, ...routing });
    },
    runAgentWorkflow: async ({ name, steps, ...workflow }) => {
      await using session = trackRoutingSession(name);
      return await session.trackAgentWorkflow({ workflowName: name, agentSteps: steps, ...workflow });
    },
    calculateMultiModelCost: (models, input, maxTokens) => rank(models, input, 'cost_optimized', maxTokens),
    calculateModelCallCost: (model, input, maxTokens) =>
      rank([model], input, 'cost_optimized', maxTokens)[0] as RankedModel,
    costAggregator: createCostAggregator(governor.ledger, limits, { mode, thresholds, now }),
    onCostThreshold: (threshold, listener) => {
      if (daily === undefined)
        throw new ConfigurationError('dailyBudgetLimit', 'expected one, of which a threshold is a share');
      checkShare('threshold', threshold);
      const percent = Number((threshold * 100).toPrecision(12));
      const current = limits.get(daily.id) ?? daily;
      limits.set({ ...current, thresholds: [...new Set([...(current.thresholds ?? []), percent])] });
      return governor.on((event) => {
        if (event.kind !== 'threshold' || event.limit.limitId !== daily.id || event.threshold !== percent)
          return;
        const { amount, settled, held } = event.limit;
        const used = ((Number(settled) + Number(held)) / Number(amount)) * 100;
        listener({ limitId: daily.id, threshold, utilizationPercent: used });
      });
    },
    onRouteEfficiencyThreshold: (threshold, listener) => {
      checkShare('threshold', threshold);
      return feed.on((result) => {
        const { routeEfficiencyScore } = result;
        if (routeEfficiencyScore !== undefined && routeEfficiencyScore < threshold) listener(result);
      });
    },
    onOperation: feed.on,
    onOperationBatches: feed.onBatches,
    getTelemetryExportStats: feed.statistics,
    getMemoryUsageTracker: () => memoryUsage(active, closed.length),
    enableAutomaticMemoryManagement: (memory) => closeIdleSessions(active, memory),
    volumeDiscountInfo: () => volumeDiscountInfo(governor.ledger, volumeTiers, now()),
    diagnosePerformance: (performance) =>
      diagnosePerformance((models) => rank(models, 'Say hello.', 'balanced'), performance),
    sessions: {
      get active() {
        return [...active];
      },
      get closed() {
        return [...closed];
      },
    },
  };
}

/** Counts what has the adapter's attributes, wherever in the process it is called. */
function dailyLimit(
  { dailyBudgetLimit }: SkyRouterAdapterOptions,
  { team, project, environment, customerId }: Attribution,
  mode: Limit['mode'],
  thresholds: readonly number[],
): Limit | undefined {
  if (dailyBudgetLimit === undefined) return undefined;
  const scope = withoutUndefined({ team, project, environment, customerId });
  const match = Object.fromEntries(Object.entries(scope).map(([name, value]) => [name, [value as string]]));
  const id = ['skyrouter', ...Object.values(scope).map((value) => idOf(value as string)), 'daily'].join('.');
  return dailyBudget(
    id.slice(0, 128),
    dailyBudgetLimit,
    { provider: ['skyrouter'], ...match },
    mode,
    thresholds,
  );
}

function withoutUndefined(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
