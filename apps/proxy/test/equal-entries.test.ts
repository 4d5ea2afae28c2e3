import { type LedgerEntry, withAttribution } from '@genops/core';
import { createGovernor, type Governor } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import type { PolicyInput } from '@genops/policy';
import OpenAI, { type APIError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProxyUnderTest, proxyUnderTest } from './running-proxy.ts';

const policy: PolicyInput = {
  limits: [
    { id: 'search-monthly', amount: '100', window: 'month', scope: { match: { team: 'search' } } },
    {
      id: 'customer-tokens',
      unit: 'tokens',
      amount: '1000000',
      window: 'day',
      scope: { per: ['customerId'] },
    },
    { id: 'tiny', amount: '0.0001', window: 'lifetime', scope: { match: { feature: 'starved' } } },
  ],
  rules: [{ id: 'no-legacy', effect: 'deny', when: { model: 'gpt-3.5*' } }],
};

let through: ProxyUnderTest;
let governor: Governor;
let library: OpenAI;

beforeAll(async () => {
  through = await proxyUnderTest({ ...policy });
  governor = createGovernor({
    providers: [openai],
    ledger: createMemoryLedger(),
    attribution: { team: 'search', project: 'ranking', keyId: 'search' },
    policy,
  });
  const bare = new OpenAI({ baseURL: `${through.upstream.url}/v1`, apiKey: through.upstream.apiKey });
  library = governor.wrap(bare, { provider: openai });
});
afterAll(async () => {
  await through.close();
  await governor.close();
});

/** What must be the same whichever way a call came in. Ids, instants and credentials differ of themselves. */
function comparable(entry: LedgerEntry | undefined): object {
  if (entry === undefined) throw new Error('No entry was written');
  const {
    id: _id,
    operationId: _operation,
    at: _at,
    endedAt: _ended,
    providerKeyId: _key,
    responseId: _r,
    ...rest
  } = entry;
  return JSON.parse(JSON.stringify(rest));
}

async function lastEntry(from: Governor): Promise<LedgerEntry | undefined> {
  return (await from.ledger.entries({ pageSize: 1000 })).entries.at(-1);
}

const question = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'What time is it?' }],
  max_completion_tokens: 200,
};
const usage = {
  prompt_tokens: 1234,
  completion_tokens: 56,
  total_tokens: 1290,
  prompt_tokens_details: { cached_tokens: 1024 },
  completion_tokens_details: { reasoning_tokens: 12 },
};

const cases: Record<string, (client: OpenAI) => Promise<unknown>> = {
  'a JSON answer': (client) => client.chat.completions.create(question),
  'a dated model': (client) => client.chat.completions.create({ ...question, model: 'gpt-4o-2024-11-20' }),
  'a stream': async (client) => {
    for await (const _ of await client.chat.completions.create({ ...question, stream: true })) {
      // To the end.
    }
  },
  'a stream that asks for usage': (client) =>
    client.chat.completions
      .stream({ ...question, stream_options: { include_usage: true } })
      .finalChatCompletion(),
  'a customer in a header': (client) =>
    client.chat.completions.create(question, {
      headers: { 'x-genops-customer-id': 'acme', 'x-genops-tag-run': '1' },
    }),
  'a model without a price': (client) =>
    client.chat.completions.create({ ...question, model: 'gpt-99-imaginary' }),
  'a denied model': (client) => client.chat.completions.create({ ...question, model: 'gpt-3.5-turbo' }),
  'an exceeded budget': (client) =>
    client.chat.completions.create(
      { ...question, model: 'gpt-4o' },
      { headers: { 'x-genops-feature': 'starved' } },
    ),
};

/** What an SDK client would see of a refusal; nothing when the call was served. */
async function failureOf(call: Promise<unknown>): Promise<Pick<APIError, 'status' | 'code'> | undefined> {
  return call.then(
    () => undefined,
    (error: APIError) => error,
  );
}

describe('the library and the proxy', () => {
  it.each(Object.keys(cases))('leave the same entry for %s', async (name) => {
    const call = cases[name] as (client: OpenAI) => Promise<unknown>;
    through.upstream.setReply({ usage });
    const [outcome, proxied] = [await failureOf(call(library)), await failureOf(call(through.client))];
    expect(proxied?.status).toBe(outcome?.status);
    expect(proxied?.code).toBe(outcome?.code);
    expect(comparable(await lastEntry(through.proxy.governor))).toEqual(
      comparable(await lastEntry(governor)),
    );
  });

  it('agree with a context as with a header', async () => {
    through.upstream.setReply({ usage });
    await withAttribution({ customerId: 'beta' }, () => library.chat.completions.create(question));
    await through.client.chat.completions.create(question, { headers: { 'x-genops-customer-id': 'beta' } });
    expect(comparable(await lastEntry(through.proxy.governor))).toEqual(
      comparable(await lastEntry(governor)),
    );
  });

  it('send the provider the same bytes', async () => {
    through.upstream.reset();
    for (const client of [library, through.client]) {
      await client.chat.completions.create({ ...question, stream: true }).then(async (stream) => {
        for await (const _ of stream) {
          // To the end.
        }
      });
    }
    const [first, second] = through.upstream.requests;
    expect(second?.body.toString()).toBe(first?.body.toString());
    expect(second?.headers['authorization']).toBe(`Bearer ${through.upstream.apiKey}`);
  });
});
