import {
  type Attribution,
  type CallGovernor,
  type ChatAnswer,
  type ChatClient,
  ConfigurationError,
  chatFacts,
  describe,
  type ModelAt,
  type Money,
  money,
  type Provider,
  type RankedModel,
  type Session,
  type SessionBudget,
  type SessionReport,
  sumMoney,
  type Usage,
} from '@genops/core';
import { callFirst } from './call-first.ts';
import { concurrently } from './concurrently.ts';
import { type Efficiency, efficiencyOf } from './efficiency.ts';
import { messagesOf, type Prompt } from './prompt.ts';
import { type CustomOrder, objectiveOf, type RoutingStrategy } from './strategy.ts';

/** What every tracked operation says of itself. */
interface Tracked {
  /** Recorded as the tag `complexity`; it changes no price. */
  readonly complexity?: 'simple' | 'moderate' | 'complex' | 'enterprise';
  /** Most tokens of the answer. */
  readonly maxTokens?: number;
  /** Of a call that was made elsewhere: it is booked, and nothing is sent. Inclusive counters. */
  readonly usage?: Usage;
  /** Of a call that was made elsewhere: what it cost; wins over the catalogue. */
  readonly cost?: Money;
}

export interface ModelCallOptions extends Tracked {
  readonly model: string;
  readonly input?: Prompt;
  /** Recorded as the tag `route`. @default 'balanced' */
  readonly routeOptimization?: RoutingStrategy;
}

export interface MultiModelOptions extends Tracked {
  readonly models: readonly string[];
  readonly input?: Prompt;
  /** @default 'cost_optimized' */
  readonly routingStrategy?: RoutingStrategy;
  /** With `custom`. */
  readonly order?: CustomOrder;
  /** Tried in this order after all of `models`. */
  readonly fallbackModels?: readonly string[];
  /** With `usage` or `cost`: which model was used. @default the best of `models` */
  readonly selectedModel?: string;
}

export interface AgentStep extends Tracked {
  readonly model: string;
  /** What is asked; a function is given the answers of the steps before. */
  readonly input?: Prompt | ((before: readonly AgentStepResult[]) => Prompt);
  /** What is asked when there is no `input`, and the step's name. */
  readonly task?: string;
}

export interface AgentWorkflowOptions {
  readonly workflowName: string;
  readonly agentSteps: readonly AgentStep[];
  /** Over all steps. */
  readonly budget?: SessionBudget;
  /** What happens to the steps after one that failed. @default 'stop' */
  readonly onStepFailure?: 'stop' | 'continue';
}

/** What one operation came to. */
export interface OperationResult extends Partial<Efficiency> {
  /** Every attempt, fallbacks included. */
  readonly totalCost: Money;
  /** The model that answered. */
  readonly model: string;
  readonly route: RoutingStrategy;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Absent for a call that was made elsewhere. */
  readonly text?: string;
  readonly answer?: ChatAnswer;
  /** Why this model: every candidate with its score, the best first. */
  readonly ranking?: readonly RankedModel[];
  readonly report: SessionReport;
}

export interface AgentStepResult {
  readonly name: string;
  readonly model: string;
  readonly state: 'completed' | 'failed' | 'skipped';
  readonly totalCost: Money;
  readonly text?: string;
  readonly error?: unknown;
}

export interface AgentWorkflowResult {
  readonly workflowName: string;
  /** `partial` when some steps failed or were skipped; what the others cost is in all the same. */
  readonly state: 'completed' | 'partial';
  readonly totalCost: Money;
  readonly steps: readonly AgentStepResult[];
  readonly report: SessionReport;
}

/** A routing session: what is tracked in it really happens, through the governor, and is priced one by one. */
export interface SkyRouterSession extends AsyncDisposable {
  readonly id: string;
  readonly name: string;
  /** One call of one model. */
  trackModelCall(options: ModelCallOptions): Promise<OperationResult>;
  /** One call of the best of several models; the others are what is tried when it fails. */
  trackMultiModelRouting(options: MultiModelOptions): Promise<OperationResult>;
  /** Calls one after the other, each a step with a price of its own. A step that fails is accounted for. */
  trackAgentWorkflow(options: AgentWorkflowOptions): Promise<AgentWorkflowResult>;
  /** Many routings, a few at a time; the next is taken from the source only when there is room for it. */
  batchRouteModels(
    requests: Iterable<MultiModelOptions> | AsyncIterable<MultiModelOptions>,
    options?: { readonly concurrency?: number },
  ): Promise<PromiseSettledResult<OperationResult>[]>;
  readonly totalCost: Money;
  /** Calls that were admitted. */
  readonly operationCount: number;
  readonly durationSeconds: number;
  /** Operations that have begun and not ended. */
  readonly underWay: number;
  /** Since an operation began or ended; 0 while one is under way. */
  readonly idleSeconds: number;
  report(): SessionReport;
  close(): Promise<SessionReport>;
}

export interface SessionContext {
  readonly governor: CallGovernor;
  readonly client: ChatClient;
  readonly provider: Provider;
  readonly now: () => Date;
  readonly onOperation: (result: OperationResult) => void;
  readonly onClosed: (report: SessionReport) => void;
}

export function createSkyRouterSession(context: SessionContext, session: Session): SkyRouterSession {
  const { governor, client, provider, now } = context;
  const candidate = (model: string): ModelAt => ({ provider: provider.id, model });
  const listed = (model: string): ModelAt => {
    const at = provider.priceAs?.(model) ?? model;
    return typeof at === 'string' ? candidate(at) : at;
  };

  const operation = async (
    type: string,
    route: RoutingStrategy,
    tracked: Tracked,
    act: () => Promise<Acted>,
    candidates: readonly string[],
  ): Promise<OperationResult> => {
    const attribution = tagged({ operation_type: type, route, complexity: tracked.complexity });
    const { acted, report } = await session.step({ name: type, attribution }, async (step) => ({
      acted: await act(),
      report: step.report,
    }));
    const { usage, cost, ...answered } = acted;
    const at = now().toISOString();
    const result: OperationResult = {
      ...answered,
      route,
      totalCost: totalOf(report()),
      ...tokensOf(usage),
      // What was used by nobody knows how many tokens cannot be priced elsewhere.
      ...(cost !== undefined &&
        Object.keys(usage).length > 0 &&
        candidates.length > 0 &&
        efficiencyOf(governor.pricing, candidates.map(listed), { usage, cost, at })),
      report: report(),
    };
    context.onOperation(result);
    return result;
  };

  let underWay = 0;
  let lastActive = now().getTime();
  const active = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    underWay += 1;
    try {
      return await work();
    } finally {
      underWay -= 1;
      lastActive = now().getTime();
    }
  };

  const trackModelCall = (options: ModelCallOptions): Promise<OperationResult> => {
    const { model, routeOptimization = 'balanced' } = options;
    objectiveOf(routeOptimization);
    return operation('model_call', routeOptimization, options, () => act(options, [model]), []);
  };

  const trackMultiModelRouting = async (options: MultiModelOptions): Promise<OperationResult> => {
    const { models, routingStrategy = 'cost_optimized', fallbackModels = [], order } = options;
    if (models.length === 0) throw new ConfigurationError('models', 'expected at least one');
    if (order !== undefined && routingStrategy !== 'custom')
      throw new ConfigurationError('order', `expected \`custom\` as the strategy, got "${routingStrategy}"`);
    if (options.selectedModel !== undefined && options.usage === undefined && options.cost === undefined)
      throw new ConfigurationError('selectedModel', 'expected the usage or the cost of the call beside it');
    const messages = messagesOf(options.input ?? '');
    const ranked = governor.rank({
      candidates: models.map(candidate),
      objective: objectiveOf(routingStrategy),
      facts: chatFacts({
        model: models[0] as string,
        messages,
        ...(options.maxTokens !== undefined && { maxTokens: options.maxTokens }),
      }),
    });
    const ranking = routingStrategy === 'custom' && order !== undefined ? order(ranked) : ranked;
    const tried = [...new Set([...ranking.map(({ model }) => model), ...fallbackModels])];
    return operation(
      'multi_model_routing',
      routingStrategy,
      options,
      async () => ({ ...(await act(options, tried)), ranking }),
      models,
    );
  };

  /** Sends, or books what was sent elsewhere. */
  const act = async (
    options: Tracked & { readonly input?: Prompt; readonly selectedModel?: string },
    models: readonly string[],
  ): Promise<Acted> => {
    const { usage, cost, maxTokens } = options;
    if (usage === undefined && cost === undefined) {
      if (options.input === undefined) {
        throw new ConfigurationError('input', 'expected one, or the usage of a call that was made elsewhere');
      }
      const messages = messagesOf(options.input);
      return callFirst(client, models, { messages, ...(maxTokens !== undefined && { maxTokens }) });
    }
    const model = options.selectedModel ?? (models[0] as string);
    const entry = await governor.recordUsage({
      ...candidate(model),
      ...(usage !== undefined && { usage }),
      ...(cost !== undefined && { cost }),
    });
    return {
      model,
      usage: usage ?? {},
      ...(entry.cost.result === 'priced' && { cost: entry.cost.total }),
    };
  };

  const trackAgentWorkflow = async (options: AgentWorkflowOptions): Promise<AgentWorkflowResult> => {
    const { workflowName, agentSteps, budget, onStepFailure = 'stop' } = options;
    if (!stepFailures.includes(onStepFailure))
      throw new ConfigurationError(
        'onStepFailure',
        `expected stop or continue, got ${describe(onStepFailure)}`,
      );
    const workflow = session.startStep({
      name: workflowName,
      attribution: tagged({ operation_type: 'agent_workflow' }),
      ...(budget !== undefined && { budget }),
    });
    const done: AgentStepResult[] = [];
    for (const step of agentSteps) {
      const stopped = onStepFailure === 'stop' && done.some(({ state }) => state !== 'completed');
      done.push(stopped ? skipped(step) : await runStep(workflow, step, done));
    }
    const report = await workflow.close();
    return {
      workflowName,
      state: done.every(({ state }) => state === 'completed') ? 'completed' : 'partial',
      totalCost: totalOf(report),
      steps: done,
      report,
    };
  };

  const runStep = async (
    workflow: Session,
    step: AgentStep,
    before: readonly AgentStepResult[],
  ): Promise<AgentStepResult> => {
    const name = step.task ?? step.model;
    const route = 'balanced';
    const part = workflow.startStep({
      name,
      attribution: tagged({ route, complexity: step.complexity }),
    });
    try {
      const { input, ...tracked } = step;
      const asked = typeof input === 'function' ? input(before) : (input ?? step.task);
      const acted = await part.run(() =>
        act({ ...tracked, ...(asked !== undefined && { input: asked }) }, [step.model]),
      );
      const report = await part.close();
      const { usage, cost: _, ...answered } = acted;
      const totalCost = totalOf(report);
      context.onOperation({ ...answered, route, totalCost, ...tokensOf(usage), report });
      return {
        name,
        model: acted.model,
        state: 'completed',
        totalCost,
        ...(acted.text !== undefined && { text: acted.text }),
      };
    } catch (error) {
      return { name, model: step.model, state: 'failed', totalCost: totalOf(await part.close()), error };
    }
  };

  const close = async (): Promise<SessionReport> => {
    const report = await session.close();
    context.onClosed(report);
    return report;
  };
  return {
    id: session.id,
    name: session.name,
    trackModelCall: (options) => active(async () => trackModelCall(options)),
    trackMultiModelRouting: (options) => active(() => trackMultiModelRouting(options)),
    trackAgentWorkflow: (options) => active(() => trackAgentWorkflow(options)),
    batchRouteModels: (requests, options) =>
      active(() => concurrently(requests, trackMultiModelRouting, options)),
    get totalCost() {
      return totalOf(session.report());
    },
    get operationCount() {
      return session.report().calls;
    },
    get durationSeconds() {
      return session.report().durationMs / 1000;
    },
    get underWay() {
      return underWay;
    },
    get idleSeconds() {
      return underWay > 0 ? 0 : (now().getTime() - lastActive) / 1000;
    },
    report: session.report,
    close,
    [Symbol.asyncDispose]: async () => {
      await close();
    },
  };
}

const stepFailures: readonly unknown[] = ['stop', 'continue'];

/** What was done: by a model that answered, or elsewhere. */
interface Acted {
  readonly model: string;
  readonly usage: Usage;
  readonly cost?: Money;
  readonly text?: string;
  readonly answer?: ChatAnswer;
  readonly ranking?: readonly RankedModel[];
}

function tokensOf({
  inputTokens = 0,
  outputTokens = 0,
}: Usage): Pick<OperationResult, 'inputTokens' | 'outputTokens'> {
  return { inputTokens, outputTokens };
}

function skipped({ task, model }: AgentStep): AgentStepResult {
  return { name: task ?? model, model, state: 'skipped', totalCost: money('0') };
}

/** Prices have one currency at SkyRouter; a session that somehow has none cost nothing. */
function totalOf({ costs }: SessionReport): Money {
  return costs.length === 0 ? money('0') : sumMoney(costs, costs[0]?.currency);
}

function tagged(tags: Readonly<Record<string, string | undefined>>): Attribution {
  const known = Object.entries(tags).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return { tags: Object.fromEntries(known) as Record<string, string> };
}
