import { createAzureOpenAI } from '@genops/azure-openai';
import { amountOf, type LedgerEntry, withBaseUrl } from '@genops/core';
import { createGovernor, type Governor } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { azureFormat, type FakeUpstream, startFakeUpstream } from '@genops/testing';
import OpenAI, { AzureOpenAI } from 'openai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

let upstream: FakeUpstream;
let governor: Governor;
const errors: unknown[] = [];

beforeAll(async () => {
  upstream = await startFakeUpstream({ formats: [azureFormat] });
});
afterAll(() => upstream.close());
beforeEach(() => {
  const azure = createAzureOpenAI({
    endpoint: 'https://our-resource.openai.azure.com',
    deployments: { 'search-prod': 'gpt-4o-mini' },
  });
  governor = createGovernor({
    providers: [withBaseUrl(azure, `${upstream.url}/openai`)],
    ledger: createMemoryLedger(),
    policy: { limits: [{ id: 'cap', amount: '1', window: 'lifetime' }] },
    onError: (error) => errors.push(error),
  });
});
afterEach(async () => {
  await governor.close();
  upstream.reset();
  expect(errors.splice(0)).toEqual([]);
});

const question = {
  model: 'search-prod',
  messages: [{ role: 'user' as const, content: 'What time is it?' }],
  max_tokens: 100,
};
const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
/** 1000 × 0.15 + 100 × 0.60, per million. */
const cost = '0.00021';

async function entries(): Promise<readonly LedgerEntry[]> {
  return (await governor.ledger.entries()).entries;
}

function totalOf(entry: LedgerEntry | undefined): string | undefined {
  return entry?.cost.result === 'priced' ? amountOf(entry.cost.total) : undefined;
}

function azureClient(): AzureOpenAI {
  return governor.wrap(
    new AzureOpenAI({ endpoint: upstream.url, apiKey: upstream.apiKey, apiVersion: '2024-10-21' }),
  );
}

describe('the Azure client', () => {
  it('has its deployment priced as the model that it is, streamed or not', async () => {
    upstream.setReply({ usage });
    await azureClient().chat.completions.create(question);
    for await (const _ of await azureClient().chat.completions.create({ ...question, stream: true })) {
      // To the end.
    }
    expect(upstream.requests.map(({ url }) => url)).toEqual(
      Array(2).fill('/openai/deployments/search-prod/chat/completions?api-version=2024-10-21'),
    );
    const [whole, streamed] = await entries();
    expect(whole).toMatchObject({
      provider: 'azure',
      requestModel: 'search-prod',
      responseModel: 'gpt-4o-mini-2024-07-18',
    });
    expect([totalOf(whole), totalOf(streamed)]).toEqual([cost, cost]);
    expect(streamed?.usage).toEqual(whole?.usage);
  });

  it('is refused for a deployment that nobody can price', async () => {
    const unlisted = azureClient().chat.completions.create({ ...question, model: 'some-deployment' });
    await expect(unlisted).rejects.toMatchObject({ status: 403, code: 'unpriced_model' });
    expect(upstream.requests).toHaveLength(0);
  });
});

describe('the OpenAI client at the v1 address', () => {
  it('has the same bill', async () => {
    upstream.setReply({ usage });
    const client = governor.wrap(
      new OpenAI({
        baseURL: `${upstream.url}/openai/v1`,
        apiKey: 'unused',
        defaultHeaders: { 'api-key': upstream.apiKey },
      }),
    );
    await client.chat.completions.create(question);
    expect(totalOf((await entries())[0])).toBe(cost);
  });
});
