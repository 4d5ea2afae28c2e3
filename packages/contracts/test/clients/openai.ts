import { createRequire } from 'node:module';
import { withBaseUrl } from '@genops/core';
import { openai } from '@genops/openai';
import { openaiFormat } from '@genops/testing';
import * as esm from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { first, type OfficialClient, type Place, toTheEnd } from './official-client.ts';

type Sdk = Pick<typeof esm, 'OpenAI'>;

const chat = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'What time is it?' }],
  max_completion_tokens: 400,
};
const question = { model: 'gpt-4o-mini', input: 'What time is it?', max_output_tokens: 400 };
const hour = z.object({ hour: z.number() });
const structured = { text: '{"hour":12}' };

const clock = {
  type: 'function' as const,
  function: {
    name: 'read-clock',
    description: 'Tells the time',
    parameters: { type: 'object', properties: {} },
    function: () => 'Noon.',
  },
};
/** The model wants its tool before it answers. */
const toolCall = {
  body: {
    id: 'chatcmpl-tool',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'gpt-4o-mini',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'call-1', type: 'function', function: { name: 'read-clock', arguments: '{}' } }],
        },
        finish_reason: 'tool_calls',
      },
    ],
    usage: { prompt_tokens: 40, completion_tokens: 8, total_tokens: 48 },
  },
};

/** Governing asks for usage, whereupon OpenAI says `"usage":null` in every chunk; it means what its absence means. */
function said({ usage, ...chunk }: esm.OpenAI.ChatCompletionChunk): unknown {
  return usage === null ? chunk : { ...chunk, usage };
}

const bare = ({ OpenAI }: Sdk, { url, apiKey }: Place): esm.OpenAI =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });

export const openaiClient: OfficialClient<Sdk, esm.OpenAI> = {
  name: 'openai',
  sdk: { ESM: esm, CommonJS: createRequire(import.meta.url)('openai') as Sdk },
  format: openaiFormat,
  provider: (url) => withBaseUrl(openai, `${url}/v1`),
  bare,
  governed: (sdk, place, governor) => governor.wrap(bare(sdk, place)),
  added: ['stream_options'],
  uses: {
    await: { run: async (client) => client.chat.completions.create(chat) },
    'then twice': {
      run: async (client) => {
        const pending = client.chat.completions.create(chat);
        return [await pending, await pending];
      },
    },
    withResponse: {
      run: async (client) => {
        const { data, response, request_id } = await client.chat.completions.create(chat).withResponse();
        return { data, status: response.status, url: response.url, request_id };
      },
    },
    asResponse: {
      run: async (client) => (await client.chat.completions.create(chat).asResponse()).json(),
    },
    parse: {
      replies: [structured],
      run: async (client) => {
        const format = zodResponseFormat(hour, 'time');
        return client.chat.completions.parse({ ...chat, response_format: format });
      },
    },
    'a stream': {
      run: async (client) => {
        const chunks = await toTheEnd(await client.chat.completions.create({ ...chat, stream: true }));
        return chunks.map(said);
      },
    },
    'a stream with usage': {
      run: async (client) =>
        toTheEnd(
          await client.chat.completions.create({
            ...chat,
            stream: true,
            stream_options: { include_usage: true },
          }),
        ),
    },
    'a stream withResponse': {
      run: async (client) => {
        const pending = client.chat.completions.create({ ...chat, stream: true });
        const { data, response } = await pending.withResponse();
        return [response.headers.get('content-type'), (await toTheEnd(data)).map(said)];
      },
    },
    tee: {
      run: async (client) => {
        const stream = await client.chat.completions.create({ ...chat, stream: true });
        const [left, right] = stream.tee();
        return [await toTheEnd(left), await toTheEnd(right)].map((chunks) => chunks.map(said));
      },
    },
    toReadableStream: {
      run: async (client) => {
        const stream = await client.chat.completions.create({ ...chat, stream: true });
        const lines = await new Response(stream.toReadableStream()).text();
        return lines
          .trim()
          .split('\n')
          .map((line) => said(JSON.parse(line) as esm.OpenAI.ChatCompletionChunk));
      },
    },
    'stream()': {
      run: async (client) => {
        const stream = client.chat.completions.stream(chat);
        const deltas: string[] = [];
        stream.on('content', (delta) => deltas.push(delta));
        return [await stream.finalContent(), await stream.finalMessage(), deltas];
      },
    },
    runTools: {
      replies: [toolCall, {}],
      run: async (client) => {
        const runner = client.chat.completions.runTools({ ...chat, tools: [clock] });
        return [await runner.finalContent(), runner.messages];
      },
    },
    responses: { run: async (client) => client.responses.create(question) },
    'responses, streamed': {
      run: async (client) => toTheEnd(await client.responses.create({ ...question, stream: true })),
    },
    'responses.stream()': {
      run: async (client) => client.responses.stream(question).finalResponse(),
    },
    'responses.parse': {
      replies: [structured],
      run: async (client) => {
        const text = { format: zodTextFormat(hour, 'time') };
        return client.responses.parse({ ...question, text });
      },
    },
    embeddings: {
      run: async (client) =>
        client.embeddings.create({ model: 'text-embedding-3-small', input: ['Where?', 'Here.'] }),
    },
  },
  breakOut: async (client) => first(await client.chat.completions.create({ ...chat, stream: true })),
  ask: (client, signal) => client.chat.completions.create(chat, { signal }),
};
