import { createRequire } from 'node:module';
import { withBaseUrl } from '@genops/core';
import { openrouter } from '@genops/openrouter';
import { openrouterFormat } from '@genops/testing';
import * as esm from '@openrouter/sdk';
import type { OpenRouterCore } from '@openrouter/sdk/core.js';
import * as esmChatSend from '@openrouter/sdk/funcs/chatSend.js';
import { first, type OfficialClient, type Place, streamIn, toTheEnd } from './official-client.ts';

type Sdk = Pick<typeof esm, 'OpenRouter' | 'HTTPClient'> & typeof esmChatSend;

const require = createRequire(import.meta.url);

const chatRequest = {
  model: 'openai/gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'What time is it?' }],
  maxTokens: 400,
};
const streamed = { chatRequest: { ...chatRequest, stream: true as const } };

const options = ({ url, apiKey }: Place) => ({
  apiKey,
  serverURL: `${url}/api/v1`,
  retryConfig: { strategy: 'none' as const },
});

export const openrouterClient: OfficialClient<Sdk, esm.OpenRouter & OpenRouterCore> = {
  name: '@openrouter/sdk',
  sdk: {
    ESM: { ...esm, ...esmChatSend },
    CommonJS: { ...require('@openrouter/sdk'), ...require('@openrouter/sdk/funcs/chatSend.js') } as Sdk,
  },
  format: openrouterFormat,
  provider: (url) => withBaseUrl(openrouter, `${url}/api/v1`),
  bare: ({ OpenRouter }, place) => new OpenRouter(options(place)),
  governed: ({ OpenRouter, HTTPClient }, place, governor) =>
    new OpenRouter({ ...options(place), httpClient: new HTTPClient({ fetcher: governor.fetch }) }),
  uses: {
    'chat.send': { run: async (client) => client.chat.send({ chatRequest }) },
    'chat.send, streamed': {
      run: async (client) => toTheEnd(streamIn(await client.chat.send(streamed))),
    },
    'the function that gives a result': {
      run: async (client, { chatSend }) => chatSend(client, { chatRequest }),
    },
    'the function that gives a result, for an error': {
      replies: [{ status: 402 }],
      run: async (client, { chatSend }) => {
        const { ok, error } = await chatSend(client, { chatRequest });
        return { ok, name: error?.name, message: error?.message };
      },
    },
    'the function that gives a result, streamed': {
      run: async (client, { chatSend }) => {
        const { ok, value } = await chatSend(client, streamed);
        return ok && toTheEnd(streamIn(value));
      },
    },
    $inspect: {
      run: async (client, { chatSend }) => {
        const [result, { status, response }] = await chatSend(client, { chatRequest }).$inspect();
        return [result, status, status === 'complete' && response.status];
      },
    },
    'embeddings.generate': {
      replies: [
        {
          body: {
            object: 'list',
            model: 'openai/text-embedding-3-small',
            data: [{ object: 'embedding', index: 0, embedding: [0.1, 0.2] }],
            usage: { prompt_tokens: 7, total_tokens: 7, cost: 0.00000014 },
          },
        },
      ],
      run: async (client) =>
        client.embeddings.generate({
          requestBody: { model: 'openai/text-embedding-3-small', input: 'Where?' },
        }),
    },
  },
  breakOut: async (client) => first(streamIn(await client.chat.send(streamed))),
  ask: (client, signal) => client.chat.send({ chatRequest }, { signal }),
};
