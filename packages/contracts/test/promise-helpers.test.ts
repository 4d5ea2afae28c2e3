import { createRequire } from 'node:module';
import Anthropic from '@anthropic-ai/sdk';
import { anthropic } from '@genops/anthropic';
import { withBaseUrl } from '@genops/core';
import { openai } from '@genops/openai';
import { anthropicFormat, openaiFormat } from '@genops/testing';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { governedAgainst } from './governed.ts';

const openaiUrl = (url: string): string => `${url.replace('127.0.0.1', 'localhost')}/v1`;

const fake = governedAgainst([openaiFormat, anthropicFormat], ({ url }) => [
  withBaseUrl(anthropic, url),
  withBaseUrl(openai, openaiUrl(url)),
]);

const require = createRequire(import.meta.url);
const common = {
  openai: (require('openai') as { readonly OpenAI: typeof OpenAI }).OpenAI,
  anthropic: (require('@anthropic-ai/sdk') as { readonly Anthropic: typeof Anthropic }).Anthropic,
};

const messages = [
  { role: 'user' as const, content: 'What time is it?' },
  { role: 'assistant' as const, content: 'Where?' },
  { role: 'user' as const, content: 'ünï\u2028code, in Köln' },
];
const chat = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'developer' as const, content: 'Be brief.' }, ...messages],
  max_completion_tokens: 50,
  'x-unknown': { nested: [1, null] },
};
const message = { model: 'claude-haiku-4-5', messages, max_tokens: 50, 'x-unknown': { nested: [1, null] } };

async function toTheEnd(stream: AsyncIterable<unknown>): Promise<number> {
  let events = 0;
  for await (const _ of stream) events += 1;
  return events;
}

/** A way to use a promise of a client; what it gives back must not depend on being governed. */
type Use<Client> = readonly [name: string, use: (client: Client) => Promise<unknown>];

const ofOpenAI: readonly Use<OpenAI>[] = [
  ['await', async (client) => (await client.chat.completions.create(chat)).choices[0]?.message.content],
  [
    'withResponse',
    async (client) => {
      const { data, response } = await client.chat.completions.create(chat).withResponse();
      return [data.choices[0]?.message.content, response.status];
    },
  ],
  [
    'asResponse',
    async (client) => {
      const response = await client.chat.completions.create(chat).asResponse();
      return ((await response.json()) as { choices: unknown }).choices;
    },
  ],
  [
    'then twice',
    async (client) => {
      const pending = client.chat.completions.create(chat);
      return [(await pending).choices, (await pending).choices];
    },
  ],
  ['parse', async (client) => (await client.chat.completions.parse(chat)).choices[0]?.message.parsed],
  [
    'stream: true',
    async (client) => toTheEnd(await client.chat.completions.create({ ...chat, stream: true })),
  ],
  ['stream()', async (client) => client.chat.completions.stream(chat).finalContent()],
  [
    'responses',
    async (client) =>
      (await client.responses.create({ model: 'gpt-4o-mini', input: 'x', max_output_tokens: 50 }))
        .output_text,
  ],
  [
    'responses.stream()',
    async (client) =>
      (
        await client.responses
          .stream({ model: 'gpt-4o-mini', input: 'x', max_output_tokens: 50 })
          .finalResponse()
      ).output_text,
  ],
];

const ofAnthropic: readonly Use<Anthropic>[] = [
  ['await', async (client) => (await client.messages.create(message)).content],
  [
    'withResponse',
    async (client) => {
      const { data, response } = await client.messages.create(message).withResponse();
      return [data.content, response.status];
    },
  ],
  [
    'asResponse',
    async (client) => {
      const response = await client.messages.create(message).asResponse();
      return ((await response.json()) as { content: unknown }).content;
    },
  ],
  [
    'then twice',
    async (client) => {
      const pending = client.messages.create(message);
      return [(await pending).content, (await pending).content];
    },
  ],
  ['stream: true', async (client) => toTheEnd(await client.messages.create({ ...message, stream: true }))],
  ['stream()', async (client) => client.messages.stream(message).finalText()],
];

interface Kind<Client> {
  readonly make: (options: object) => Client;
  readonly uses: readonly Use<Client>[];
  readonly leave: (client: Client) => Promise<unknown>;
  readonly abort: (client: Client, signal: AbortSignal) => Promise<unknown>;
}

const kindOfOpenAI = (Client: typeof OpenAI): Kind<OpenAI> => ({
  make: (options) =>
    new Client({
      baseURL: openaiUrl(fake.upstream.url),
      apiKey: fake.upstream.apiKey,
      maxRetries: 0,
      ...options,
    }),
  uses: ofOpenAI,
  leave: async (client) => {
    for await (const chunk of await client.chat.completions.create({ ...chat, stream: true })) return chunk;
    return undefined;
  },
  abort: (client, signal) => client.chat.completions.create(chat, { signal }),
});

const kindOfAnthropic = (Client: typeof Anthropic): Kind<Anthropic> => ({
  make: (options) =>
    new Client({ baseURL: fake.upstream.url, apiKey: fake.upstream.apiKey, maxRetries: 0, ...options }),
  uses: ofAnthropic,
  leave: async (client) => {
    for await (const event of await client.messages.create({ ...message, stream: true })) return event;
    return undefined;
  },
  abort: (client, signal) => client.messages.create(message, { signal }),
});

testKind('openai from ESM', kindOfOpenAI(OpenAI));
testKind('openai from CommonJS', kindOfOpenAI(common.openai));
testKind('@anthropic-ai/sdk from ESM', kindOfAnthropic(Anthropic));
testKind('@anthropic-ai/sdk from CommonJS', kindOfAnthropic(common.anthropic));

function testKind<Client>(name: string, { make, uses, leave, abort }: Kind<Client>): void {
  describe(name, () => {
    const governed = (): Client => make({ fetch: fake.governor.fetch });

    it.each(uses)(
      '%s gives what it gives ungoverned, of the same bytes, and leaves one entry',
      async (_, use) => {
        const direct = await use(make({}));
        expect(await use(governed())).toEqual(direct);
        const [first, second] = fake.upstream.requests;
        expect(fake.upstream.requests).toHaveLength(2);
        // Usage is asked for in streams of chats; nothing else differs.
        const { stream_options: _asked, ...sent } = (second?.json ?? {}) as Record<string, unknown>;
        const { stream_options: _own, ...meant } = (first?.json ?? {}) as Record<string, unknown>;
        expect(sent).toEqual(meant);
        expect(await fake.entries()).toMatchObject([
          { kind: 'settled', outcome: 'completed', cost: { result: 'priced', basis: 'computed' } },
        ]);
      },
    );

    it('can leave a stream early, and is charged an estimate', async () => {
      fake.upstream.setReply({ chunks: 200, chunkDelayMs: 2 });
      expect(await leave(governed())).toBeDefined();
      await expect.poll(async () => (await fake.entries()).length).toBe(1);
      expect(await fake.entries()).toMatchObject([{ outcome: 'cancelled', cost: { result: 'priced' } }]);
      await expect.poll(() => fake.upstream.requests[0]?.state).toBe('client_aborted');
    });

    it('can be aborted before there is an answer', async () => {
      fake.upstream.holdResponses();
      const controller = new AbortController();
      const aborted = expect(abort(governed(), controller.signal)).rejects.toThrow();
      await fake.upstream.waitForHeld(1);
      controller.abort();
      await aborted;
      await expect.poll(async () => (await fake.entries()).length).toBe(1);
      expect(await fake.entries()).toMatchObject([{ outcome: 'cancelled' }]);
    });
  });
}
