import { amountOf, type Money, money, type RankedModel, withAttribution } from '@genops/core';
import { createGovernor, type Governor, type GovernorOptions } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  autoInstrument,
  createSkyRouter,
  createSkyRouterAdapter,
  type OperationResult,
  restoreSkyRouter,
  type SkyRouterAdapter,
  type SkyRouterAdapterOptions,
  shardOf,
} from './src/index.ts';

let upstream: FakeUpstream;
let governor: Governor;
let adapter: SkyRouterAdapter;
const errors: unknown[] = [];

beforeAll(async () => {
  upstream = await startFakeUpstream();
});
afterAll(() => upstream.close());
afterEach(async () => {
  restoreSkyRouter();
  await governor.close();
  upstream.reset();
  expect(errors.splice(0)).toEqual([]);
});

/** 1000 in, 100 out: gpt-4o-mini 0.00021, gpt-4o 0.0035, claude-3-haiku 0.000375. */
const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
const given = { inputTokens: 1000, outputTokens: 100 };

function start(
  options: Partial<SkyRouterAdapterOptions> = {},
  governorOptions: Partial<GovernorOptions> = {},
): SkyRouterAdapter {
  const baseUrl = `${upstream.url}/v1`;
  governor = createGovernor({
    providers: [createSkyRouter({ baseUrl })],
    ledger: createMemoryLedger(),
    onError: (error) => errors.push(error),
    ...governorOptions,
  });
  upstream.setReply({ usage, text: 'Gladly.' });
  adapter = createSkyRouterAdapter({
    governor,
    client: new OpenAI({ baseURL: baseUrl, apiKey: upstream.apiKey }),
    team: 'ai-platform',
    project: 'multi-model-routing',
    ...options,
  });
  return adapter;
}

const inText = (value: Money | undefined): string | undefined => value && amountOf(value);
const modelsAsked = (): unknown[] => upstream.requests.map(({ json }) => (json as { model: string }).model);

describe('trackModelCall', () => {
  it('makes the call and says what it came to', async () => {
    const session = start().trackRoutingSession('summaries');
    const result = await session.trackModelCall({
      model: 'gpt-4o-mini',
      input: { prompt: 'Summarise the post' },
      routeOptimization: 'cost_optimized',
      complexity: 'simple',
      maxTokens: 200,
    });
    expect(result).toMatchObject({
      model: 'gpt-4o-mini',
      route: 'cost_optimized',
      inputTokens: 1000,
      outputTokens: 100,
      text: 'Gladly.',
    });
    expect(inText(result.totalCost)).toBe('0.00021');
    expect(upstream.requests[0]?.json).toEqual({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'Summarise the post' }],
      max_completion_tokens: 200,
    });
    const [entry] = (await governor.ledger.entries()).entries;
    expect(entry).toMatchObject({
      provider: 'skyrouter',
      attribution: {
        team: 'ai-platform',
        project: 'multi-model-routing',
        workflow: 'summaries',
        sessionId: session.id,
        tags: { operation_type: 'model_call', route: 'cost_optimized', complexity: 'simple' },
      },
    });
  });

  it('only books a call whose usage is given', async () => {
    const session = start().trackRoutingSession('elsewhere');
    const booked = await session.trackModelCall({ model: 'gpt-4o-mini', usage: given });
    expect(inText(booked.totalCost)).toBe('0.00021');
    expect(booked.text).toBeUndefined();
    expect(upstream.requests).toHaveLength(0);
    expect(session.operationCount).toBe(1);
  });

  it('books what was paid rather than what is listed', async () => {
    const session = start().trackRoutingSession('elsewhere');
    const booked = await session.trackModelCall({ model: 'gpt-4o-mini', usage: given, cost: money('0.5') });
    expect(inText(booked.totalCost)).toBe('0.5');
    expect(inText(session.totalCost)).toBe('0.5');
  });

  it('refuses an operation that says neither what to ask nor what was used', async () => {
    const session = start().trackRoutingSession('nothing');
    await expect(session.trackModelCall({ model: 'gpt-4o-mini' })).rejects.toThrow(/input: expected one/);
  });

  it('refuses a strategy that nobody knows', async () => {
    const session = start().trackRoutingSession('typo');
    await expect(async () =>
      session.trackModelCall({
        model: 'gpt-4o-mini',
        input: 'x',
        routeOptimization: 'cost-optimised' as 'balanced',
      }),
    ).rejects.toThrow(/routingStrategy: expected one of cost_optimized, balanced/);
  });
});

describe('trackMultiModelRouting', () => {
  const models = ['gpt-4o', 'claude-3-haiku', 'gpt-4o-mini'];

  it('calls the cheapest for this request, and says how good the choice was', async () => {
    const session = start().trackRoutingSession('routing');
    const result = await session.trackMultiModelRouting({ models, input: 'Explain atoms', maxTokens: 300 });
    expect(result).toMatchObject({ model: 'gpt-4o-mini', route: 'cost_optimized', routeEfficiencyScore: 1 });
    expect(inText(result.totalCost)).toBe('0.00021');
    expect(inText(result.optimizationSavings)).toBe('0.00329');
    expect(result.ranking?.map(({ model }) => model)).toEqual(['gpt-4o-mini', 'claude-3-haiku', 'gpt-4o']);
    expect(modelsAsked()).toEqual(['gpt-4o-mini']);
  });

  it('measures a dear choice by what the cheapest would have cost for the same tokens', async () => {
    const session = start().trackRoutingSession('routing');
    const result = await session.trackMultiModelRouting({
      models,
      input: 'Explain atoms',
      routingStrategy: 'custom',
      order: (ranked: readonly RankedModel[]) => ranked.filter(({ model }) => model === 'gpt-4o'),
    });
    expect(result.model).toBe('gpt-4o');
    expect(result.routeEfficiencyScore).toBeCloseTo(0.06, 10);
    expect(inText(result.optimizationSavings)).toBe('0');
  });

  it('goes on to the next candidate and then to the fallbacks, and counts every attempt', async () => {
    const session = start().trackRoutingSession('routing');
    upstream.addRule({
      when: ({ json }) => (json as { model: string }).model !== 'gpt-4.1-nano',
      reply: { status: 503 },
    });
    const result = await session.trackMultiModelRouting({
      models: ['gpt-4o-mini', 'gpt-4o'],
      fallbackModels: ['gpt-4.1-nano'],
      input: 'Explain atoms',
    });
    expect(result.model).toBe('gpt-4.1-nano');
    // Each is tried again where it is before the next one is asked.
    expect([...new Set(modelsAsked())]).toEqual(['gpt-4o-mini', 'gpt-4o', 'gpt-4.1-nano']);
    expect(result.report).toMatchObject({ calls: 3, failed: upstream.requests.length - 1 });
    expect((await governor.ledger.entries()).entries).toHaveLength(upstream.requests.length);
  });

  it('goes on when a candidate takes longer than the client waits, and books what it may have cost', async () => {
    start({
      client: new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey, timeout: 300 }),
    });
    upstream.addRule({ when: { model: 'gpt-4o-mini' }, reply: { delayMs: 5_000 } });
    const result = await adapter.routeToBestModel({ candidates: ['gpt-4o-mini', 'gpt-4o'], prompt: 'x' });
    expect(result.model).toBe('gpt-4o');
    const { entries } = await governor.ledger.entries();
    expect(entries.map(({ requestModel, outcome }) => [requestModel, outcome])).toEqual([
      ['gpt-4o-mini', 'cancelled'],
      ['gpt-4o', 'completed'],
    ]);
    expect(entries[0]?.cost).toMatchObject({ basis: 'estimated' });
  });

  it('does not try another model when the request itself is bad', async () => {
    const session = start().trackRoutingSession('routing');
    upstream.setReply({ status: 400, error: { message: 'Too many images' } });
    await expect(session.trackMultiModelRouting({ models, input: 'x' })).rejects.toMatchObject({
      status: 400,
    });
    expect(upstream.requests).toHaveLength(1);
  });

  it('takes a cheaper model when the budget has no room for the dear one', async () => {
    start({ dailyBudgetLimit: '0.001' });
    const session = adapter.trackRoutingSession('tight');
    const result = await session.trackMultiModelRouting({
      models: ['gpt-4o', 'gpt-4o-mini'],
      input: 'Explain atoms',
      routingStrategy: 'custom',
      maxTokens: 300,
    });
    expect(result.model).toBe('gpt-4o-mini');
    expect(result.report).toMatchObject({ calls: 1, refused: 1 });
  });

  it.each([
    ['latency_optimized', { usage, delayMs: 60 }],
    ['reliability_first', { status: 500 }],
    ['balanced', { status: 500 }],
  ] as const)('follows what was measured when it is %s, not the price', async (routingStrategy, reply) => {
    const session = start().trackRoutingSession('measured');
    upstream.addRule({ when: { model: 'gpt-4o-mini' }, reply });
    for (let call = 0; call < 8; call += 1) {
      await session.trackModelCall({ model: 'gpt-4o-mini', input: 'x' }).catch(() => undefined);
      await session.trackModelCall({ model: 'gpt-4o', input: 'x' });
    }
    const result = await session.trackMultiModelRouting({
      models: ['gpt-4o-mini', 'gpt-4o'],
      input: 'x',
      routingStrategy,
    });
    expect(result.ranking?.map(({ model }) => model)).toEqual(['gpt-4o', 'gpt-4o-mini']);
    expect(result.model).toBe('gpt-4o');
  });

  it('books the model that was used, not the first of the list', async () => {
    const session = start().trackRoutingSession('given');
    const result = await session.trackMultiModelRouting({
      models: ['gpt-4o', 'gpt-4o-mini'],
      selectedModel: 'gpt-4o-mini',
      usage: given,
    });
    expect(result.model).toBe('gpt-4o-mini');
    const { costByModel } = await adapter.costAggregator.getSummary();
    expect(Object.keys(costByModel)).toEqual(['gpt-4o-mini']);
  });

  it('does not judge a choice of which only the cost is known', async () => {
    start();
    const alerts: OperationResult[] = [];
    adapter.onRouteEfficiencyThreshold(0.7, (result) => alerts.push(result));
    const session = adapter.trackRoutingSession('given');
    const result = await session.trackMultiModelRouting({ models: ['gpt-4o'], cost: money('0.5') });
    expect(inText(result.totalCost)).toBe('0.5');
    expect(result.routeEfficiencyScore).toBeUndefined();
    expect(alerts).toEqual([]);
  });

  it.each([
    [{ order: (ranked: readonly RankedModel[]) => ranked }, /order: expected `custom`/],
    [{ selectedModel: 'gpt-4o' }, /selectedModel: expected the usage or the cost/],
  ])('refuses %o, which would do nothing', async (words, message) => {
    const session = start().trackRoutingSession('nothing');
    await expect(session.trackMultiModelRouting({ models, input: 'x', ...words })).rejects.toThrow(message);
    expect(upstream.requests).toHaveLength(0);
  });

  it('refuses an empty list', async () => {
    const session = start().trackRoutingSession('none');
    await expect(session.trackMultiModelRouting({ models: [], input: 'x' })).rejects.toThrow(/models/);
  });
});

describe('trackAgentWorkflow', () => {
  const agentSteps = [
    { model: 'gpt-4o-mini', task: 'classify_intent' },
    { model: 'claude-3-haiku', task: 'draft_response', input: { task: 'draft', topic: 'refund' } },
    { model: 'gpt-4o', task: 'quality_review' },
  ];

  it('runs and prices the steps one by one', async () => {
    const session = start().trackRoutingSession('support');
    const result = await session.trackAgentWorkflow({ workflowName: 'customer_support', agentSteps });
    expect(result.state).toBe('completed');
    expect(
      result.steps.map(({ name, model, state, totalCost }) => [name, model, state, amountOf(totalCost)]),
    ).toEqual([
      ['classify_intent', 'gpt-4o-mini', 'completed', '0.00021'],
      ['draft_response', 'claude-3-haiku', 'completed', '0.000375'],
      ['quality_review', 'gpt-4o', 'completed', '0.0035'],
    ]);
    expect(inText(result.totalCost)).toBe('0.004085');
    expect(inText(session.totalCost)).toBe('0.004085');
    const rows = await governor.ledger.sum({ by: ['tags.step'] });
    expect(rows.map(({ group }) => group['tags.step']).sort()).toEqual([
      'customer_support/classify_intent',
      'customer_support/draft_response',
      'customer_support/quality_review',
    ]);
  });

  it('gives a step the answers of those before', async () => {
    const session = start().trackRoutingSession('chain');
    await session.trackAgentWorkflow({
      workflowName: 'chain',
      agentSteps: [
        { model: 'gpt-4o-mini', task: 'outline' },
        { model: 'gpt-4o-mini', task: 'write', input: (before) => `Write from: ${before[0]?.text}` },
      ],
    });
    expect(upstream.requests[1]?.json).toMatchObject({
      messages: [{ role: 'user', content: 'Write from: Gladly.' }],
    });
  });

  it('accounts for what was spent when a step fails, and skips the rest', async () => {
    const session = start().trackRoutingSession('support');
    upstream.addRule({ when: { model: 'claude-3-haiku' }, reply: { status: 500 } });
    const result = await session.trackAgentWorkflow({ workflowName: 'support', agentSteps });
    expect(result.steps.map(({ state }) => state)).toEqual(['completed', 'failed', 'skipped']);
    expect(result).toMatchObject({ state: 'partial', steps: [{}, { error: { status: 500 } }, {}] });
    expect(inText(result.totalCost)).toBe('0.00021');
    expect([...new Set(modelsAsked())]).toHaveLength(2);
  });

  it('goes on after a failed step when told to', async () => {
    const session = start().trackRoutingSession('support');
    upstream.addRule({ when: { model: 'claude-3-haiku' }, reply: { status: 500 } });
    const options = { workflowName: 'support', agentSteps, onStepFailure: 'continue' as const };
    const result = await session.trackAgentWorkflow(options);
    expect(result.steps.map(({ state }) => state)).toEqual(['completed', 'failed', 'completed']);
    expect(inText(result.totalCost)).toBe('0.00371');
  });

  it('stops where its budget has no more room', async () => {
    const session = start().trackRoutingSession('support');
    const result = await session.trackAgentWorkflow({
      workflowName: 'support',
      agentSteps: agentSteps.map((step) => ({ ...step, maxTokens: 100 })),
      budget: { amount: '0.0008' },
    });
    expect(result.steps.map(({ state }) => state)).toEqual(['completed', 'completed', 'failed']);
    expect(result.steps[2]).toMatchObject({ error: { code: 'budget_exceeded' } });
    expect(upstream.requests).toHaveLength(2);
  });

  it('refuses a word for failures that nobody knows, before the first step', async () => {
    const session = start().trackRoutingSession('support');
    const options = { workflowName: 'support', agentSteps, onStepFailure: 'ignore' as 'continue' };
    await expect(session.trackAgentWorkflow(options)).rejects.toThrow(
      'onStepFailure: expected stop or continue, got "ignore"',
    );
    expect(upstream.requests).toHaveLength(0);
  });

  it('books a workflow that ran elsewhere', async () => {
    const session = start().trackRoutingSession('given');
    const result = await session.trackAgentWorkflow({
      workflowName: 'elsewhere',
      agentSteps: [
        { model: 'gpt-4o-mini', task: 'a', usage: given },
        { model: 'gpt-4o', task: 'b', usage: given },
      ],
    });
    expect(inText(result.totalCost)).toBe('0.00371');
    expect(upstream.requests).toHaveLength(0);
  });
});

describe('batchRouteModels', () => {
  it('keeps order, limits what runs at once, and takes no more from its source than it has room for', async () => {
    const session = start().trackRoutingSession('batch');
    upstream.holdResponses();
    let taken = 0;
    function* requests() {
      for (let number = 0; number < 12; number += 1) {
        taken += 1;
        yield { models: ['gpt-4o-mini'], input: `Item ${number}` };
      }
    }
    const batch = session.batchRouteModels(requests(), { concurrency: 3 });
    await upstream.waitForHeld(3);
    expect(taken).toBe(3);
    upstream.releaseAll();
    const results = await batch;
    expect(results).toHaveLength(12);
    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(session.operationCount).toBe(12);
    expect(inText(session.totalCost)).toBe('0.00252');
  });

  it.each([0, 1.5, Number.NaN])('refuses %d at once', async (concurrency) => {
    const session = start().trackRoutingSession('batch');
    const batch = session.batchRouteModels([{ models: ['gpt-4o-mini'], input: 'a' }], { concurrency });
    await expect(batch).rejects.toThrow(/concurrency: expected a whole number, at least 1/);
    expect(upstream.requests).toHaveLength(0);
  });

  it('reports the ones that failed and finishes the others', async () => {
    const session = start().trackRoutingSession('batch');
    upstream.addRule({ when: { model: 'gpt-4o' }, reply: { status: 500 } });
    const results = await session.batchRouteModels([
      { models: ['gpt-4o'], input: 'a' },
      { models: ['gpt-4o-mini'], input: 'b' },
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });
});

describe('the adapter', () => {
  it('has sessions that say what they came to, how many calls that were, and how long it took', async () => {
    let nowMs = Date.parse('2026-11-01T00:00:00Z');
    start({}, { now: () => new Date(nowMs) });
    const session = adapter.trackRoutingSession('timed');
    await session.trackModelCall({ model: 'gpt-4o-mini', usage: given });
    await session.trackModelCall({ model: 'gpt-4o', usage: given });
    nowMs += 90_500;
    expect([inText(session.totalCost), session.operationCount, session.durationSeconds]).toEqual([
      '0.00371',
      2,
      90.5,
    ]);
    const { costs, calls, durationMs } = await session.close();
    expect([costs.map(amountOf), calls, durationMs]).toEqual([['0.00371'], 2, 90_500]);
    nowMs += 1_000;
    expect(session.durationSeconds).toBe(90.5);
  });

  it('has the façade of the seed, each call in a session of its own', async () => {
    start();
    const routed = await adapter.routeToBestModel({
      candidates: ['gpt-4o', 'gpt-4o-mini'],
      prompt: 'Explain atoms',
      routingStrategy: 'cost_optimized',
      fallbackModels: ['claude-3-haiku'],
    });
    expect(routed.model).toBe('gpt-4o-mini');
    const ran = await adapter.runAgentWorkflow({
      name: 'support',
      steps: [{ model: 'gpt-4o-mini', task: 'classify' }],
    });
    expect(ran.state).toBe('completed');
    expect(adapter.sessions.active).toEqual([]);
    expect(adapter.sessions.closed.map(({ name, calls }) => [name, calls])).toEqual([
      ['route_to_best_model', 1],
      ['support', 1],
    ]);
  });

  it('keeps no more closed sessions than it may', async () => {
    start({ maxSessionCacheSize: 3 });
    for (let number = 0; number < 10; number += 1) await adapter.trackRoutingSession(`s${number}`).close();
    expect(adapter.sessions.closed.map(({ name }) => name)).toEqual(['s7', 's8', 's9']);
    expect(adapter.sessions.active).toEqual([]);
  });

  it('says which sessions are open and idle, and closes those that somebody forgot', async () => {
    let nowMs = Date.parse('2026-11-01T00:00:00Z');
    start({ now: () => new Date(nowMs) });
    const forgotten = adapter.trackRoutingSession('forgotten');
    await forgotten.trackModelCall({ model: 'gpt-4o-mini', usage: given });
    nowMs += 90_000;
    const busy = adapter.trackRoutingSession('busy');
    upstream.holdResponses();
    const call = busy.trackModelCall({ model: 'gpt-4o-mini', input: 'x' });
    await upstream.waitForHeld(1);
    nowMs += 90_000;
    const { activeSessions, heapUsedBytes } = adapter.getMemoryUsageTracker();
    expect(heapUsedBytes).toBeGreaterThan(1_000_000);
    expect(activeSessions).toMatchObject([
      { name: 'forgotten', operations: 1, underWay: 0, idleSeconds: 180, stepsKept: 1 },
      { name: 'busy', underWay: 1, idleSeconds: 0 },
    ]);
    const closed: string[] = [];
    const stop = adapter.enableAutomaticMemoryManagement({
      maxIdleSeconds: 60,
      everySeconds: 0.01,
      onClosed: ({ name }) => closed.push(name),
    });
    await expect.poll(() => closed).toEqual(['forgotten']);
    expect(adapter.sessions.active.map(({ name }) => name)).toEqual(['busy']);
    upstream.releaseAll();
    await call;
    stop();
    await adapter.getMemoryUsageTracker().activeSessions[0]?.forceCleanup();
    expect(adapter.getMemoryUsageTracker()).toMatchObject({ activeSessions: [], closedSessions: 2 });
    expect((await adapter.costAggregator.getSummary({ lastHours: 24 * 365 })).totalOperations).toBe(2);
  });

  it('says what requests will probably cost, and sends nothing', () => {
    start();
    const ranked = adapter.calculateMultiModelCost(['gpt-4o', 'gpt-4o-mini'], 'Explain atoms', 200);
    expect(ranked.map(({ model }) => model)).toEqual(['gpt-4o-mini', 'gpt-4o']);
    expect(Number(inText(ranked[0]?.estimatedCost))).toBeGreaterThan(0);
    expect(adapter.calculateModelCallCost('llama-2', 'x').estimatedCost).toBeUndefined();
    expect(upstream.requests).toHaveLength(0);
  });

  it('needs no provider to be named to the governor', async () => {
    start({}, { providers: [] });
    const result = await adapter.routeToBestModel({ candidates: ['gpt-4o', 'gpt-4o-mini'], prompt: 'x' });
    expect(result).toMatchObject({ model: 'gpt-4o-mini', routeEfficiencyScore: 1 });
  });

  it('takes every option of the seed’s constructor, and each does something', async () => {
    start({
      team: 'finance',
      project: 'risk',
      environment: 'staging',
      customerId: 'acme',
      costCenter: 'cc-7',
      feature: 'scoring',
      tags: { plan: 'gold' },
      dailyBudgetLimit: '0.0005',
      governancePolicy: 'advisory',
      enableCostAlerts: false,
    });
    adapter.costAggregator.setTeamBudget('finance', '0.0005');
    const told: string[] = [];
    governor.on(({ kind }) => told.push(kind));
    const session = adapter.trackRoutingSession('options');
    for (let call = 0; call < 3; call += 1)
      await session.trackModelCall({ model: 'gpt-4o-mini', input: 'x', maxTokens: 100 });
    expect((await governor.ledger.entries()).entries[0]?.attribution).toMatchObject({
      team: 'finance',
      project: 'risk',
      environment: 'staging',
      customerId: 'acme',
      costCenter: 'cc-7',
      feature: 'scoring',
      tags: { plan: 'gold' },
    });
    const { budgets } = await adapter.costAggregator.checkBudgetStatus();
    expect(budgets.map(({ limitId }) => limitId)).toEqual([
      'skyrouter.finance.risk.staging.acme.daily',
      'team-finance-daily',
    ]);
    expect(budgets.every(({ utilizationPercent }) => utilizationPercent > 100)).toBe(true);
    expect(told).not.toContain('threshold');
  });

  it('announces 80, 90 and 100 percent unless it is told not to', async () => {
    start({ dailyBudgetLimit: '0.00042', governancePolicy: 'advisory' });
    const told: number[] = [];
    governor.on((event) => event.kind === 'threshold' && told.push(event.threshold));
    const session = adapter.trackRoutingSession('alerts');
    for (let call = 0; call < 2; call += 1)
      await session.trackModelCall({ model: 'gpt-4o-mini', usage: given });
    expect(told).toEqual([80, 90, 100]);
  });

  it('refuses a governance policy that nobody knows', () => {
    start();
    expect(() => start({ governancePolicy: 'enforce' as 'enforced' })).toThrow(/governancePolicy/);
  });

  it('sums the ledger by model, route, team, project and operation', async () => {
    const session = start().trackRoutingSession('summary');
    await session.trackModelCall({ model: 'gpt-4o-mini', input: 'x', routeOptimization: 'balanced' });
    await session.trackMultiModelRouting({ models: ['gpt-4o'], input: 'x' });
    await withAttribution({ team: 'research' }, () =>
      session.trackModelCall({ model: 'gpt-4o', input: 'x' }),
    );
    const summary = await adapter.costAggregator.getSummary();
    const shown = (costs: Readonly<Record<string, Money>>) =>
      Object.fromEntries(Object.entries(costs).map(([name, cost]) => [name, amountOf(cost)]));
    expect(inText(summary.totalCost)).toBe('0.00721');
    expect(summary.totalOperations).toBe(3);
    expect(shown(summary.costByModel)).toEqual({ 'gpt-4o': '0.007', 'gpt-4o-mini': '0.00021' });
    expect(shown(summary.costByRoute)).toEqual({ cost_optimized: '0.0035', balanced: '0.00371' });
    expect(shown(summary.costByTeam)).toEqual({ 'ai-platform': '0.00721' });
    expect(shown(summary.costByProject)).toEqual({ 'multi-model-routing': '0.00721' });
    expect(shown(summary.costByOperationType)).toEqual({
      model_call: '0.00371',
      multi_model_routing: '0.0035',
    });
  });

  it('counts metered tokens of the month against the tiers of a contract', async () => {
    start({
      volumeTiers: [
        { fromTokens: 1_000, discountPercent: 5 },
        { fromTokens: 10_000, discountPercent: 15 },
        { fromTokens: 100_000, discountPercent: 25 },
      ],
    });
    expect(await adapter.volumeDiscountInfo()).toEqual({
      monthlyTokens: 0,
      currentDiscountPercent: 0,
      nextTier: { fromTokens: 1_000, discountPercent: 5, tokensToGo: 1_000 },
    });
    const session = adapter.trackRoutingSession('volume');
    await session.trackModelCall({
      model: 'gpt-4o-mini',
      usage: { inputTokens: 45_000, outputTokens: 5_000 },
    });
    expect(await adapter.volumeDiscountInfo()).toMatchObject({
      monthlyTokens: 50_000,
      currentDiscountPercent: 15,
      nextTier: { tokensToGo: 50_000 },
    });
  });

  it('tells of a sample of operations, and of none wrongly', async () => {
    let turn = 0;
    start({ random: () => (turn++ % 4) / 4 });
    const heard: OperationResult[] = [];
    const stop = adapter.onOperation((result) => heard.push(result), { samplingRate: 0.5 });
    adapter.onOperation(() => {
      throw new Error('The collector is down');
    });
    const session = adapter.trackRoutingSession('sampled');
    for (let call = 0; call < 8; call += 1)
      await session.trackModelCall({ model: 'gpt-4o-mini', usage: given });
    expect(heard).toHaveLength(4);
    expect(adapter.getTelemetryExportStats()).toMatchObject({
      operations: 8,
      delivered: 4,
      sampledOut: 4,
      failed: 8,
      batches: 0,
    });
    expect(session.operationCount).toBe(8);
    stop();
    await session.trackModelCall({ model: 'gpt-4o-mini', usage: given });
    expect(heard).toHaveLength(4);
  });

  it('tells of the steps of a workflow as of any other operation, and sums them by route', async () => {
    start();
    const heard: OperationResult[] = [];
    adapter.onOperation((result) => heard.push(result));
    await adapter.runAgentWorkflow({
      name: 'support',
      steps: [
        { model: 'gpt-4o-mini', task: 'classify' },
        { model: 'gpt-4o', usage: given },
      ],
    });
    expect(
      heard.map(({ model, inputTokens, totalCost }) => [model, inputTokens, amountOf(totalCost)]),
    ).toEqual([
      ['gpt-4o-mini', 1000, '0.00021'],
      ['gpt-4o', 1000, '0.0035'],
    ]);
    expect(adapter.getTelemetryExportStats()).toMatchObject({ operations: 2, delivered: 2 });
    const { costByRoute, costByOperationType } = await adapter.costAggregator.getSummary();
    expect([inText(costByRoute['balanced']), inText(costByOperationType['agent_workflow'])]).toEqual([
      '0.00371',
      '0.00371',
    ]);
  });

  it('refuses numbers that would switch off what they are of', async () => {
    start();
    const nothing = () => {};
    expect(() => adapter.onOperation(nothing, { samplingRate: 50 })).toThrow(/samplingRate/);
    expect(() => adapter.onOperationBatches(nothing, { batchSize: 0 })).toThrow(/batchSize/);
    expect(() => adapter.onOperationBatches(nothing, { maxBuffered: 10 })).toThrow(/maxBuffered/);
    expect(() => adapter.onRouteEfficiencyThreshold(70, nothing)).toThrow(/threshold/);
    expect(() => adapter.onCostThreshold(0.8, nothing)).toThrow(/dailyBudgetLimit: expected one/);
    expect(adapter.getTelemetryExportStats().buffered).toBe(0);
    await expect(adapter.costAggregator.getSummary({ lastHours: Number.NaN })).rejects.toThrow(/lastHours/);
    await expect(adapter.diagnosePerformance({ models: [] })).rejects.toThrow(/models: expected at least/);
    expect(() => start({ maxSessionCacheSize: Number.NaN })).toThrow(/maxSessionCacheSize/);
    start({ dailyBudgetLimit: '1' });
    expect(() => adapter.onCostThreshold(80, nothing)).toThrow(/threshold: expected a number above 0/);
  });

  it('tells of operations many at a time, and of what is left at the end', async () => {
    start();
    const batches: number[] = [];
    const stop = adapter.onOperationBatches(
      async (results) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        batches.push(results.length);
      },
      { batchSize: 3, intervalMs: 60_000 },
    );
    const session = adapter.trackRoutingSession('batched');
    for (let call = 0; call < 8; call += 1)
      await session.trackModelCall({ model: 'gpt-4o-mini', usage: given });
    await stop();
    expect(batches).toEqual([3, 3, 2]);
    const statistics = adapter.getTelemetryExportStats();
    expect(statistics).toMatchObject({ operations: 8, delivered: 8, batches: 3, failed: 0, buffered: 0 });
    expect(statistics.averageExportLatencyMs).toBeGreaterThanOrEqual(5);
  });

  it('drops the oldest when whoever takes batches is too slow, says so, and goes on after a failure', async () => {
    start();
    let release = (): void => {};
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    let fails = true;
    const stop = adapter.onOperationBatches(
      async () => {
        await slow;
        if (!fails) return;
        fails = false;
        throw new Error('The collector is down');
      },
      { batchSize: 2, maxBuffered: 4, intervalMs: 60_000 },
    );
    const session = adapter.trackRoutingSession('slow');
    for (let call = 0; call < 10; call += 1)
      await session.trackModelCall({ model: 'gpt-4o-mini', usage: given });
    expect(adapter.getTelemetryExportStats()).toMatchObject({ dropped: 4, buffered: 4 });
    release();
    await stop();
    expect(adapter.getTelemetryExportStats()).toMatchObject({
      failed: 2,
      delivered: 4,
      dropped: 4,
      buffered: 0,
    });
    expect(session.operationCount).toBe(10);
  });

  it('times choices without sending anything', async () => {
    start();
    const diagnosis = await adapter.diagnosePerformance({
      models: ['gpt-4o', 'gpt-4o-mini'],
      testDurationSeconds: 0.05,
    });
    expect(diagnosis.selections).toBeGreaterThan(0);
    expect(diagnosis.routeSelectionLatencyMs.p95).toBeGreaterThanOrEqual(
      diagnosis.routeSelectionLatencyMs.p50,
    );
    expect(upstream.requests).toHaveLength(0);
  });
});

describe('budgets', () => {
  const dear = { model: 'gpt-4o-mini', input: 'x', maxTokens: 100 };

  it('hold over all sessions of a day, in advance', async () => {
    start({ dailyBudgetLimit: '0.0005' });
    for (const name of ['one', 'two']) await adapter.trackRoutingSession(name).trackModelCall(dear);
    await expect(adapter.trackRoutingSession('three').trackModelCall(dear)).rejects.toMatchObject({
      code: 'budget_exceeded',
      message: expect.stringContaining('skyrouter.ai-platform.multi-model-routing.daily'),
    });
    expect(upstream.requests).toHaveLength(2);
  });

  it('bind workflows and routings just as well', async () => {
    start({ dailyBudgetLimit: '0.00001' });
    const session = adapter.trackRoutingSession('all kinds');
    await expect(session.trackMultiModelRouting({ models: ['gpt-4o'], input: 'x' })).rejects.toMatchObject({
      code: 'budget_exceeded',
    });
    const workflow = await session.trackAgentWorkflow({ workflowName: 'w', agentSteps: [dear] });
    expect(workflow.steps[0]).toMatchObject({ state: 'failed', error: { code: 'budget_exceeded' } });
    expect(upstream.requests).toHaveLength(0);
  });

  it.each([
    ['strict', 'refused'],
    ['enforced', 'refused'],
    ['advisory', 'served'],
  ] as const)('that are %s have calls %s', async (governancePolicy, ending) => {
    start({ dailyBudgetLimit: '0.00001', governancePolicy });
    const call = adapter.trackRoutingSession('policy').trackModelCall(dear);
    if (ending === 'refused') await expect(call).rejects.toMatchObject({ code: 'budget_exceeded' });
    else expect((await call).text).toBe('Gladly.');
  });

  it('of teams and projects bind, and can be changed', async () => {
    start();
    adapter.costAggregator.setTeamBudget('ai-platform', '0.0003');
    adapter.costAggregator.setProjectBudget('multi-model-routing', '300');
    const session = adapter.trackRoutingSession('team');
    await session.trackModelCall(dear);
    await expect(session.trackModelCall(dear)).rejects.toMatchObject({ code: 'budget_exceeded' });
    adapter.costAggregator.setTeamBudget('ai-platform', '400');
    await session.trackModelCall(dear);
    const { budgets } = await adapter.costAggregator.checkBudgetStatus();
    expect(budgets.map(({ limitId, amount, settled }) => [limitId, amount, settled])).toEqual([
      ['team-ai-platform-daily', '400', '0.00042'],
      ['project-multi-model-routing-daily', '300', '0.00042'],
    ]);
  });

  it('say how far they are used up', async () => {
    start({ dailyBudgetLimit: '0.00025' });
    expect((await adapter.costAggregator.checkBudgetStatus()).budgetAlerts).toEqual([]);
    await adapter.trackRoutingSession('one').trackModelCall({ ...dear, maxTokens: 10 });
    const { budgetAlerts } = await adapter.costAggregator.checkBudgetStatus();
    expect(budgetAlerts).toEqual([
      {
        limitId: 'skyrouter.ai-platform.multi-model-routing.daily',
        severity: 'warning',
        message: expect.stringContaining('used up to 84.0 %: 0.00021 of 0.00025 USD spent'),
      },
    ]);
  });

  it('alert at the threshold asked for, once', async () => {
    start({ dailyBudgetLimit: '0.001' });
    const crossed: number[] = [];
    adapter.onCostThreshold(0.5, ({ utilizationPercent }) => crossed.push(utilizationPercent));
    const session = adapter.trackRoutingSession('alerts');
    for (let call = 0; call < 4; call += 1) await session.trackModelCall({ ...dear, maxTokens: 10 });
    expect(crossed).toHaveLength(1);
    expect(crossed[0]).toBeGreaterThanOrEqual(50);
  });
});

describe('onRouteEfficiencyThreshold', () => {
  it('tells of choices that paid much more than was needed, and of no others', async () => {
    start();
    const alerts: (number | undefined)[] = [];
    adapter.onRouteEfficiencyThreshold(0.7, ({ routeEfficiencyScore }) => alerts.push(routeEfficiencyScore));
    const session = adapter.trackRoutingSession('efficiency');
    const models = ['gpt-4o', 'gpt-4o-mini'];
    await session.trackMultiModelRouting({ models, input: 'x' });
    expect(alerts).toEqual([]);
    await session.trackMultiModelRouting({ models, input: 'x', routingStrategy: 'custom' });
    expect(alerts).toEqual([expect.closeTo(0.06, 10)]);
  });
});

describe('autoInstrument', () => {
  const ask = () =>
    new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey }).chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'x' }],
    });
  const install = () =>
    autoInstrument({
      governor,
      provider: createSkyRouter({ baseUrl: `${upstream.url}/v1` }),
      attribution: { team: 'zero-code' },
    });

  it('governs clients that know nothing of it, until it is restored', async () => {
    start();
    const before = globalThis.fetch;
    install();
    install();
    await ask();
    restoreSkyRouter();
    expect(globalThis.fetch).toBe(before);
    await ask();
    const { entries } = await governor.ledger.entries();
    expect(entries).toMatchObject([{ provider: 'skyrouter', attribution: { team: 'zero-code' } }]);
    expect(upstream.requests).toHaveLength(2);
  });

  it('stays out of the way of whoever wrapped fetch after it', async () => {
    start();
    const before = globalThis.fetch;
    const stop = install();
    const ours = globalThis.fetch;
    const theirs: typeof fetch = (input, init) => ours(input, init);
    globalThis.fetch = theirs;
    await ask();
    stop();
    expect(globalThis.fetch).toBe(theirs);
    await ask();
    expect((await governor.ledger.entries()).entries).toHaveLength(1);
    expect(upstream.requests).toHaveLength(2);
    globalThis.fetch = before;
  });

  it('leaves other hosts alone', async () => {
    start();
    install();
    const response = await fetch(`${upstream.url}/elsewhere`);
    expect(response.status).toBe(401);
    expect((await governor.ledger.entries()).entries).toEqual([]);
  });
});

describe('shardOf', () => {
  it('gives the same answer everywhere, and spreads', () => {
    expect(['request-1', 'request-2', 'request-3', 'tenant-42'].map((id) => shardOf(id, 4))).toEqual([
      3, 1, 0, 1,
    ]);
    const counts = [0, 0, 0, 0];
    for (let id = 0; id < 4_000; id += 1)
      counts[shardOf(String(id), 4)] = (counts[shardOf(String(id), 4)] ?? 0) + 1;
    for (const count of counts) expect(count).toBeGreaterThan(850);
  });
});
