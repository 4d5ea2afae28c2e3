import { createAzureOpenAI } from '@genops/azure-openai';
import { type Provider, withBaseUrl } from '@genops/core';
import { groq } from '@genops/openai-compatible';
import { openrouter } from '@genops/openrouter';
import { azureFormat, type JournalEntry, openaiFormat, openrouterFormat } from '@genops/testing';

import fc from 'fast-check';
import OpenAI, { AzureOpenAI } from 'openai';
import { describe, expect, it } from 'vitest';
import { anthropicClient } from './clients/anthropic.ts';
import { atUpstream } from './clients/at-upstream.ts';
import { bedrockClient } from './clients/bedrock.ts';
import { googleClient } from './clients/google.ts';
import { type Governable, type Place, streamIn, toTheEnd } from './clients/official-client.ts';
import { openaiClient } from './clients/openai.ts';
import { openrouterClient } from './clients/openrouter.ts';
import { byHand, byHandUnder, byZeroCode, ungoverned, type Way } from './clients/ways.ts';
import { messagesRequests } from './pass-through/anthropic-messages.ts';
import { converseRequests } from './pass-through/bedrock-converse.ts';
import { geminiRequests } from './pass-through/gemini.ts';
import { chatRequests } from './pass-through/openai-chat.ts';
import { responsesRequests } from './pass-through/openai-responses.ts';
import { openrouterRequests } from './pass-through/openrouter.ts';

/** What people send by one client. */
interface Sending<Sdk, Client, Body> {
  readonly client: Governable<Sdk, Client>;
  readonly sdk: Sdk;
  readonly requests: Readonly<Record<string, Body>>;
  send(client: Client, body: Body): Promise<unknown>;
  /** Asks for the same as a stream, and reads it. */
  stream(client: Client, body: Body): Promise<unknown>;
  /** What is added to a stream whose usage has to be asked for. @default nothing */
  readonly addedToStreams?: object;
  /** A request that leaves it open how long its answer gets, to a model of which nobody knows; and what it becomes. */
  readonly uncapped?: { readonly body: Body; readonly capped: object };
}

const json = { 'content-type': 'application/json' };
const anyCount: unknown = expect.any(Number);
const openEnded = (model: string): object => ({ model, messages: [{ role: 'user', content: 'Why?' }] });

const usageAsked = { stream_options: { include_usage: true } };
const chat = {
  send: async (client: OpenAI, body: object) => client.chat.completions.create(body as never),
  stream: async (client: OpenAI, body: object) =>
    toTheEnd(streamIn(await client.chat.completions.create({ ...body, stream: true } as never))),
};

const limited = (mode: 'enforced' | 'shadow') => ({
  limits: [{ id: 'cap', unit: 'tokens' as const, amount: '1000000', window: 'lifetime' as const, mode }],
});

/** The client of OpenAI or of Azure, for somebody who speaks as they do. */
function speaking(
  format: Governable<undefined, OpenAI>['format'],
  make: (place: Place) => OpenAI,
  provider: (url: string) => Provider,
): Governable<undefined, OpenAI> {
  return {
    format,
    provider,
    bare: (_sdk, place) => make(place),
    governed: (_sdk, place, governor) => governor.wrap(make(place)),
  };
}

testSending('OpenAI chat', {
  ...chat,
  client: openaiClient,
  sdk: openaiClient.sdk.ESM,
  requests: chatRequests('gpt-4o-mini'),
  addedToStreams: usageAsked,
  uncapped: {
    body: openEnded('our-own-model'),
    capped: { ...openEnded('our-own-model'), max_completion_tokens: anyCount },
  },
});

testSending('OpenAI responses', {
  client: openaiClient,
  sdk: openaiClient.sdk.ESM,
  requests: responsesRequests,
  uncapped: {
    body: { model: 'our-own-model', input: 'Why?' },
    capped: { model: 'our-own-model', input: 'Why?', max_output_tokens: anyCount },
  },
  send: async (client, body) => client.responses.create(body as never),
  stream: async (client, body) =>
    toTheEnd(streamIn(await client.responses.create({ ...body, stream: true } as never))),
});

testSending('Anthropic messages', {
  client: anthropicClient,
  sdk: anthropicClient.sdk.ESM,
  requests: messagesRequests,
  send: async (client, body) => client.messages.create(body as never),
  stream: async (client, body) =>
    toTheEnd(streamIn(await client.messages.create({ ...body, stream: true } as never))),
});

testSending('Gemini', {
  client: googleClient,
  sdk: googleClient.sdk.ESM,
  requests: geminiRequests,
  uncapped: {
    body: { model: 'our-own-model', contents: 'Why?', config: { temperature: 0.1 } },
    capped: {
      contents: [{ role: 'user', parts: [{ text: 'Why?' }] }],
      generationConfig: { temperature: 0.1, maxOutputTokens: anyCount },
    },
  },
  send: (client, body) => client.models.generateContent(body),
  stream: async (client, body) => toTheEnd(await client.models.generateContentStream(body)),
});

testSending('Bedrock Converse', {
  client: bedrockClient,
  sdk: bedrockClient.sdk.ESM,
  requests: converseRequests,
  // Signed: nothing may be added.
  uncapped: {
    body: { modelId: 'our-own-model', messages: [{ role: 'user', content: [{ text: 'Why?' }] }] },
    capped: { messages: [{ role: 'user', content: [{ text: 'Why?' }] }] },
  },
  send: (client, body) => client.converse(body),
  stream: async (client, body) =>
    toTheEnd((await client.converseStream(body)).stream as AsyncIterable<unknown>),
});

testSending('OpenRouter, by the openai client', {
  ...chat,
  client: speaking(
    openrouterFormat,
    ({ url, apiKey }) => new OpenAI({ baseURL: `${url}/api/v1`, apiKey, maxRetries: 0 }),
    (url) => withBaseUrl(openrouter, `${url}/api/v1`),
  ),
  sdk: undefined,
  requests: chatRequests('my-org/gpt-4o-mini-2024:nitro'),
  uncapped: {
    body: openEnded('my-org/our-own-model'),
    capped: { ...openEnded('my-org/our-own-model'), max_completion_tokens: anyCount },
  },
});

testSending('OpenRouter, by its own client', {
  client: openrouterClient,
  sdk: openrouterClient.sdk.ESM,
  requests: openrouterRequests,
  send: (client, chatRequest) => client.chat.send({ chatRequest }),
  stream: async (client, body) =>
    toTheEnd(streamIn(await client.chat.send({ chatRequest: { ...body, stream: true } }))),
});

testSending('Azure OpenAI', {
  ...chat,
  client: speaking(
    azureFormat,
    ({ url, apiKey }) => new AzureOpenAI({ endpoint: url, apiKey, apiVersion: '2024-10-21', maxRetries: 0 }),
    (url) =>
      withBaseUrl(
        createAzureOpenAI({
          endpoint: 'https://our-resource.openai.azure.com',
          deployments: { 'search-prod': 'gpt-4o-mini' },
        }),
        `${url}/openai`,
      ),
  ),
  sdk: undefined,
  requests: chatRequests('search-prod'),
  addedToStreams: usageAsked,
});

testSending('whoever is compatible with OpenAI', {
  ...chat,
  client: speaking(
    openaiFormat,
    ({ url, apiKey }) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 }),
    (url) => withBaseUrl(groq, `${url}/v1`),
  ),
  sdk: undefined,
  requests: chatRequests('my-org/gpt-4o-mini-2024'),
  addedToStreams: usageAsked,
  uncapped: {
    body: openEnded('our-own-model'),
    capped: { ...openEnded('our-own-model'), max_completion_tokens: anyCount },
  },
});

describe('a governed fetch', () => {
  const at = atUpstream(openaiClient);
  const whitespace = fc.stringMatching(/^[ \t\r\n]{0,3}$/);
  /** JSON as somebody wrote it, with numbers that JavaScript cannot hold. */
  const written = fc.oneof(
    fc.json(),
    fc.constantFrom('1e400', '-0', '1.0', '123456789012345678901234567890', '"\\u2028\\ud800"', '"\\/"'),
  );

  it.each([
    ['by hand', byHand],
    ['by zero-code', byZeroCode],
  ])('passes bytes as they were written, whatever they say beside what it reads: %s', (_, way) =>
    at.governedBy(way, openaiClient.sdk.ESM, ({ client }) =>
      fc.assert(
        fc.asyncProperty(
          written,
          fc.string(),
          whitespace,
          fc.boolean(),
          async (value, name, space, isFirst) => {
            const unknown = `${JSON.stringify(`x-${name}`)}${space}:${space}${value}`;
            const known = `"model":${space}"gpt-4o-mini","messages":[{"role":"user","content":${JSON.stringify(name)}}]`;
            const members = isFirst ? [unknown, known] : [known, unknown];
            const body = `{${space}${members.join(`${space},${space}`)}${space}}`;
            await client.post('/chat/completions', { body: Buffer.from(body), headers: json });
            expect(at.upstream.requests.at(-1)?.body.toString()).toBe(body);
          },
        ),
        { numRuns: 100 },
      ),
    ),
  );
});

function testSending<Sdk, Client, Body>(name: string, sending: Sending<Sdk, Client, Body>): void {
  describe(name, () => {
    const at = atUpstream(sending.client);
    const arrived = (way: Way, send: (client: Client) => Promise<unknown>): Promise<JournalEntry> =>
      at.governedBy(way, sending.sdk, async ({ client }) => {
        await send(client);
        expect(at.upstream.requests).toHaveLength(1);
        return at.upstream.requests[0] as JournalEntry;
      });

    describe.each(Object.entries(sending.requests))('%s', (_, body) => {
      it.each([
        ['by hand', byHand],
        ['by zero-code', byZeroCode],
      ])('arrives byte for byte as it does ungoverned, governed %s', async (__, way) => {
        const bare = await arrived(ungoverned, (client) => sending.send(client, body));
        const governed = await arrived(way, (client) => sending.send(client, body));
        expect(governed.json).toEqual(bare.json);
        expect(governed.body.toString()).toBe(bare.body.toString());
        expect([governed.method, governed.url]).toEqual([bare.method, bare.url]);
      });

      it('arrives so as a stream, but for usage that has to be asked for', async () => {
        const bare = await arrived(ungoverned, (client) => sending.stream(client, body));
        const governed = await arrived(byHand, (client) => sending.stream(client, body));
        expect(governed.json).toEqual({ ...(bare.json as object), ...sending.addedToStreams });
        expect(governed.url).toBe(bare.url);
      });
    });

    const { uncapped } = sending;
    if (uncapped !== undefined)
      it('gets a cap where a limit has to hold for it, and no other change', async () => {
        const send = (client: Client): Promise<unknown> => sending.send(client, uncapped.body);
        const bare = await arrived(ungoverned, send);
        expect((await arrived(byHand, send)).body.equals(bare.body)).toBe(true);
        expect((await arrived(byHandUnder(limited('shadow')), send)).body.equals(bare.body)).toBe(true);
        expect((await arrived(byHandUnder(limited('enforced')), send)).json).toEqual(uncapped.capped);
      });
  });
}
