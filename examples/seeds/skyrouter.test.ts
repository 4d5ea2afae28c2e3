import { setTimeout as sleep } from 'node:timers/promises';
import { amountOf, type LimitState } from '@genops/core';
import { createGovernor, type Governor, type GovernorOptions } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import {
  concurrently,
  createSkyRouter,
  createSkyRouterAdapter,
  type GovernancePolicy,
  type MultiModelOptions,
  type SkyRouterAdapter,
  type SkyRouterAdapterOptions,
  shardOf,
} from '@genops/skyrouter';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

let upstream: FakeUpstream;
let governor: Governor;

beforeAll(async () => {
  upstream = await startFakeUpstream();
});
afterAll(() => upstream.close());
afterEach(async () => {
  await governor.close();
  upstream.reset();
});

function govern(options: Partial<GovernorOptions> = {}): void {
  governor = createGovernor({
    providers: [createSkyRouter({ baseUrl: `${upstream.url}/v1` })],
    ledger: createMemoryLedger(),
    ...options,
  });
  upstream.setReply({ usage: { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 } });
}

function adapterFor(options: Partial<SkyRouterAdapterOptions>): SkyRouterAdapter {
  const client = new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey });
  return createSkyRouterAdapter({ governor, client, ...options });
}

describe('multi-environment governance', () => {
  const environments: Record<
    string,
    { dailyBudgetLimit: string; governancePolicy: GovernancePolicy; models: string[] } & Pick<
      MultiModelOptions,
      'routingStrategy'
    >
  > = {
    development: {
      dailyBudgetLimit: '0.0001',
      governancePolicy: 'advisory',
      models: ['gpt-4o-mini', 'claude-3-haiku'],
      routingStrategy: 'cost_optimized',
    },
    production: {
      dailyBudgetLimit: '0.0001',
      governancePolicy: 'enforced',
      models: ['gpt-4o', 'claude-3-opus'],
      routingStrategy: 'reliability_first',
    },
  };

  it.each([
    ['development', 'served'],
    ['production', 'refused'],
  ])('has a profile for each: %s is %s over its budget', async (environment, ending) => {
    govern();
    const { models, routingStrategy, ...profile } = environments[
      environment
    ] as (typeof environments)[string];
    const session = adapterFor({ environment, ...profile }).trackRoutingSession('profile');
    const call = session.trackMultiModelRouting({
      models,
      input: 'Hello',
      ...(routingStrategy !== undefined && { routingStrategy }),
    });
    if (ending === 'refused') await expect(call).rejects.toMatchObject({ code: 'budget_exceeded' });
    else expect((await call).model).toBe('gpt-4o-mini');
  });
});

describe('compliance', () => {
  it('records every call with its cost centre, in a chain that can be verified', async () => {
    govern({
      policy: {
        rules: [
          {
            id: 'approved-models',
            effect: 'deny',
            unless: { model: ['gpt-4o', 'claude-3-opus'] },
            when: { team: 'finance-ai' },
          },
        ],
      },
    });
    const adapter = adapterFor({
      team: 'finance-ai',
      project: 'risk-assessment',
      environment: 'production',
      costCenter: 'finance-operations',
      feature: 'fraud-detection',
    });
    const session = adapter.trackRoutingSession('compliance-routing');
    const { model } = await session.trackMultiModelRouting({
      models: ['gpt-4o-mini', 'gpt-4o'],
      input: { financial_analysis_request: 'Q3' },
      routingStrategy: 'cost_optimized',
    });
    expect(model).toBe('gpt-4o');
    const { entries } = await governor.ledger.entries();
    expect(entries.map(({ kind, requestModel }) => [kind, requestModel])).toEqual([
      ['refused', 'gpt-4o-mini'],
      ['settled', 'gpt-4o'],
    ]);
    for (const { attribution } of entries) {
      expect(attribution).toMatchObject({ costCenter: 'finance-operations', feature: 'fraud-detection' });
    }
    expect((await governor.ledger.verify()).result).toBe('intact');
  });
});

describe('high availability', () => {
  it('fails over to another adapter with other models, and both are accounted for', async () => {
    govern();
    const primary = adapterFor({ team: 'production-primary', dailyBudgetLimit: '1000' });
    const secondary = adapterFor({ team: 'production-secondary', dailyBudgetLimit: '600' });
    upstream.addRule({
      when: ({ json }) => ['gpt-4o', 'claude-3-opus'].includes((json as { model: string }).model),
      reply: { status: 503 },
    });
    const routeWithFailover = async () => {
      try {
        return await primary.routeToBestModel({
          candidates: ['gpt-4o', 'claude-3-opus'],
          prompt: 'critical request',
          routingStrategy: 'reliability_first',
        });
      } catch {
        return await secondary.routeToBestModel({
          candidates: ['gpt-4o-mini', 'claude-3-haiku'],
          prompt: 'critical request',
          routingStrategy: 'cost_optimized',
        });
      }
    };
    expect((await routeWithFailover()).model).toBe('gpt-4o-mini');
    const rows = await governor.ledger.sum({ by: ['team'] });
    expect(Object.fromEntries(rows.map(({ group, cost }) => [group['team'], amountOf(cost)]))).toEqual({
      'production-primary': '0',
      'production-secondary': '0.00021',
    });
  });
});

describe('multi-tenant plans', () => {
  const plans = {
    starter: { dailyBudgetLimit: '0.0003', models: ['gpt-4o-mini'] },
    professional: { dailyBudgetLimit: '100', models: ['gpt-4o', 'gpt-4o-mini'] },
  } as const;
  const routerOf = (tenant: string, plan: keyof typeof plans): SkyRouterAdapter =>
    adapterFor({
      project: `saas-${plan}`,
      customerId: tenant,
      dailyBudgetLimit: plans[plan].dailyBudgetLimit,
    });

  it('have budgets of their own that no other tenant can use up, and models that really bind', async () => {
    govern({
      policy: {
        rules: [
          {
            id: 'starter-models',
            effect: 'deny',
            when: { project: 'saas-starter' },
            unless: { model: 'gpt-4o-mini' },
          },
        ],
      },
    });
    const small = routerOf('customer-1', 'starter').trackRoutingSession('small');
    const other = routerOf('customer-2', 'starter').trackRoutingSession('other');
    const large = routerOf('customer-3', 'professional').trackRoutingSession('large');
    const cheap = { model: 'gpt-4o-mini', input: 'x', maxTokens: 100 };
    await small.trackModelCall(cheap);
    await expect(small.trackModelCall(cheap)).rejects.toMatchObject({ code: 'budget_exceeded' });
    await other.trackModelCall(cheap);
    await expect(other.trackModelCall({ ...cheap, model: 'gpt-4o' })).rejects.toMatchObject({
      code: 'policy_deny_model',
    });
    expect((await large.trackModelCall({ ...cheap, model: 'gpt-4o' })).model).toBe('gpt-4o');
  });
});

describe('alert rules', () => {
  it('budget at 80 %, and efficiency below 0.7, call back', async () => {
    govern();
    const adapter = adapterFor({ dailyBudgetLimit: '0.01' });
    const alerts: string[] = [];
    adapter.onCostThreshold(0.8, ({ threshold }) => alerts.push(`budget ${threshold}`));
    adapter.onRouteEfficiencyThreshold(0.7, ({ model }) => alerts.push(`inefficient ${model}`));
    const session = adapter.trackRoutingSession('alerts');
    const route = () =>
      session.trackMultiModelRouting({
        models: ['gpt-4o', 'gpt-4o-mini'],
        input: 'x',
        routingStrategy: 'custom',
        maxTokens: 10,
      });
    await route();
    expect(alerts).toEqual(['inefficient gpt-4o']);
    await route();
    await session.trackModelCall({ model: 'gpt-4o', usage: { inputTokens: 800, outputTokens: 0 } });
    expect(alerts).toContain('budget 0.8');
  });
});

describe('scaling', () => {
  it('sessions run at the same time, a few at once, and none loses a call', async () => {
    govern();
    const adapter = adapterFor({ team: 'async-processing' });
    const tasks = Array.from({ length: 20 }, (_, id) => ({
      id,
      models: ['gpt-4o-mini'],
      input: `Task ${id}`,
    }));
    const results = await concurrently(
      tasks,
      async ({ id, ...routing }) => {
        await using session = adapter.trackRoutingSession(`async-${id}`);
        return await session.trackMultiModelRouting(routing);
      },
      { concurrency: 10 },
    );
    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect((await adapter.costAggregator.getSummary()).totalOperations).toBe(20);
  });

  it('each request has one instance, and every instance knows which', () => {
    govern();
    const instances = 3;
    const handled = new Map<string, number[]>();
    for (let instance = 0; instance < instances; instance += 1) {
      for (let request = 0; request < 30; request += 1) {
        if (shardOf(`request-${request}`, instances) !== instance) continue;
        handled.set(`request-${request}`, [...(handled.get(`request-${request}`) ?? []), instance]);
      }
    }
    expect(handled.size).toBe(30);
    expect([...handled.values()].every((owners) => owners.length === 1)).toBe(true);
  });

  it('a budget shared by instances holds although neither knows of the other', async () => {
    const ledger = createMemoryLedger();
    govern({ ledger });
    upstream.setReply({ usage: { prompt_tokens: 20, completion_tokens: 100, total_tokens: 120 } });
    const instances = [1, 2, 3].map(() => adapterFor({ team: 'sharded', dailyBudgetLimit: '0.001' }));
    const results = await Promise.allSettled(
      instances.flatMap((adapter) =>
        Array.from({ length: 10 }, () =>
          adapter.routeToBestModel({ candidates: ['gpt-4o-mini'], prompt: 'x', maxTokens: 100 }),
        ),
      ),
    );
    expect(results.some(({ status }) => status === 'rejected')).toBe(true);
    const limit = {
      id: 'skyrouter.sharded.daily',
      unit: 'money' as const,
      amount: '0.001',
      window: { kind: 'calendar' as const, period: 'day' as const },
      scope: {},
      mode: 'enforced' as const,
    };
    const [state] = (await ledger.states([{ limit, bucket: '' }])) as [LimitState];
    expect(Number(state.settled)).toBeGreaterThan(0);
    expect(Number(state.settled) + Number(state.held)).toBeLessThanOrEqual(0.001);
  });
});

describe('a load test', () => {
  it('counts by the clock of the whole run, users really at the same time', async () => {
    govern();
    const adapter = adapterFor({ team: 'load-test' });
    const users = 5;
    const requestsPerUser = 4;
    upstream.holdResponses();
    const begin = performance.now();
    const running = Promise.all(
      Array.from({ length: users }, async (_, user) => {
        await using session = adapter.trackRoutingSession(`user-${user}`);
        for (let request = 0; request < requestsPerUser; request += 1) {
          await session.trackMultiModelRouting({
            models: ['gpt-4o', 'gpt-4o-mini'],
            input: `Request ${request}`,
          });
        }
        return session.report();
      }),
    );
    await upstream.waitForHeld(users);
    await sleep(1);
    upstream.releaseAll();
    const reports = await running;
    const seconds = (performance.now() - begin) / 1000;
    const calls = reports.reduce((sum, report) => sum + report.calls, 0);
    expect(calls).toBe(users * requestsPerUser);
    expect(calls / seconds).toBeGreaterThan(0);
  });
});
