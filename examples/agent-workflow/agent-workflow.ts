// An agent's workflow under a budget. With SKYROUTER_BASE_URL and SKYROUTER_API_KEY set it calls that gateway; without, a fake here.
import { formatMoney } from '@genops/core';
import { createGovernor } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { createSkyRouter, createSkyRouterAdapter } from '@genops/skyrouter';
import { startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';

const { SKYROUTER_BASE_URL: address, SKYROUTER_API_KEY: key } = process.env;
const fake = address === undefined ? await startFakeUpstream() : undefined;
const baseURL = address ?? `${fake?.url}/v1`;
const governor = createGovernor({
  providers: [createSkyRouter({ baseUrl: baseURL })],
  ledger: createMemoryLedger(),
});
const adapter = createSkyRouterAdapter({
  governor,
  client: new OpenAI({ baseURL, apiKey: key ?? fake?.apiKey }),
  team: 'support',
});

{
  await using session = adapter.trackRoutingSession('ticket-4711');
  const workflow = await session.trackAgentWorkflow({
    workflowName: 'customer_support',
    budget: { amount: '0.01' },
    agentSteps: [
      { model: 'gpt-4o-mini', task: 'classify', input: 'My parcel is late. Classify this.', maxTokens: 20 },
      {
        model: 'claude-3-haiku',
        task: 'draft',
        input: ([first]) => `Answer a ${first?.text}`,
        maxTokens: 200,
      },
      { model: 'gpt-4o', task: 'review', input: (before) => `Review: ${before[1]?.text}`, maxTokens: 100 },
      { model: 'gpt-4o', task: 'translate', input: 'Into ten languages, at length', maxTokens: 4000 },
    ],
  });
  for (const { name, model, state, totalCost, error } of workflow.steps) {
    const why = error instanceof Error ? error.message : '';
    console.log(name.padEnd(10), model.padEnd(15), state.padEnd(10), formatMoney(totalCost), why);
  }
  console.log('the workflow'.padEnd(26), workflow.state.padEnd(10), formatMoney(workflow.totalCost));
}

await governor.close();
await fake?.close();
