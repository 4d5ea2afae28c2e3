import { createRequire } from 'node:module';
import * as esm from '@anthropic-ai/sdk';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { anthropic } from '@genops/anthropic';
import { withBaseUrl } from '@genops/core';
import { anthropicFormat } from '@genops/testing';
import { z } from 'zod';
import { first, type OfficialClient, type Place, toTheEnd } from './official-client.ts';

type Sdk = Pick<typeof esm, 'Anthropic'>;

const message = {
  model: 'claude-haiku-4-5',
  messages: [{ role: 'user' as const, content: 'What time is it?' }],
  max_tokens: 400,
};

const clock = {
  name: 'read-clock',
  description: 'Tells the time',
  input_schema: { type: 'object' as const, properties: {} },
  parse: (input: unknown) => input,
  run: () => 'Noon.',
};
/** The model wants its tool before it answers. */
const toolUse = {
  body: {
    id: 'msg_tool',
    type: 'message',
    role: 'assistant',
    model: 'claude-haiku-4-5',
    content: [{ type: 'tool_use', id: 'toolu-1', name: 'read-clock', input: {} }],
    stop_reason: 'tool_use',
    stop_sequence: null,
    usage: { input_tokens: 40, output_tokens: 8 },
  },
};

const bare = ({ Anthropic }: Sdk, { url, apiKey }: Place): esm.Anthropic =>
  new Anthropic({ baseURL: url, apiKey, maxRetries: 0 });

export const anthropicClient: OfficialClient<Sdk, esm.Anthropic> = {
  name: '@anthropic-ai/sdk',
  sdk: { ESM: esm, CommonJS: createRequire(import.meta.url)('@anthropic-ai/sdk') as Sdk },
  format: anthropicFormat,
  provider: (url) => withBaseUrl(anthropic, url),
  bare,
  governed: (sdk, place, governor) => governor.wrap(bare(sdk, place)),
  uses: {
    await: { run: async (client) => client.messages.create(message) },
    'then twice': {
      run: async (client) => {
        const pending = client.messages.create(message);
        return [await pending, await pending];
      },
    },
    withResponse: {
      run: async (client) => {
        const { data, response, request_id } = await client.messages.create(message).withResponse();
        return { data, status: response.status, url: response.url, request_id };
      },
    },
    asResponse: { run: async (client) => (await client.messages.create(message).asResponse()).json() },
    parse: {
      replies: [{ text: '{"hour":12}' }],
      run: async (client) => {
        const format = zodOutputFormat(z.object({ hour: z.number() }));
        return client.messages.parse({ ...message, output_config: { format } });
      },
    },
    'a stream': {
      run: async (client) => toTheEnd(await client.messages.create({ ...message, stream: true })),
    },
    tee: {
      run: async (client) => {
        const stream = await client.messages.create({ ...message, stream: true });
        return Promise.all(stream.tee().map(toTheEnd));
      },
    },
    toReadableStream: {
      run: async (client) => {
        const stream = await client.messages.create({ ...message, stream: true });
        return new Response(stream.toReadableStream()).text();
      },
    },
    'stream()': {
      run: async (client) => {
        const stream = client.messages.stream(message);
        const deltas: string[] = [];
        stream.on('text', (delta) => deltas.push(delta));
        return [await stream.finalText(), await stream.finalMessage(), deltas];
      },
    },
    'stream() withResponse': {
      run: async (client) => {
        const { data, response, request_id } = await client.messages.stream(message).withResponse();
        return [response.status, request_id, await toTheEnd(data)];
      },
    },
    toolRunner: {
      replies: [toolUse, {}],
      run: async (client) => client.beta.messages.toolRunner({ ...message, tools: [clock] }),
    },
  },
  breakOut: async (client) => first(await client.messages.create({ ...message, stream: true })),
  ask: (client, signal) => client.messages.create(message, { signal }),
};
