import { createRequire } from 'node:module';
import * as esmOpenAI from '@ai-sdk/openai';
import { genopsMiddleware } from '@genops/ai-sdk';
import { openaiFormat } from '@genops/testing';
import * as esm from 'ai';
import { z } from 'zod';
import { first, type OfficialClient, type Place, toTheEnd } from './official-client.ts';
import { openaiClient } from './openai.ts';

type Sdk = typeof esm & Pick<typeof esmOpenAI, 'createOpenAI'>;

/** Models of one provider, as an application hands them around. */
interface Models {
  readonly chat: esm.LanguageModel;
  readonly responses: esm.LanguageModel;
  readonly embedding: esm.EmbeddingModel;
}

const require = createRequire(import.meta.url);

const prompt = { prompt: 'What time is it?', maxOutputTokens: 400, maxRetries: 0 };
const hour = z.object({ hour: z.number() });
const structured = { text: '{"hour":12}' };
const clock = esm.tool({
  description: 'Tells the time',
  inputSchema: z.object({}),
  execute: () => 'Noon.',
});
const [toolCall] = openaiClient.uses['runTools']?.replies ?? [{}];

const provider = ({ createOpenAI }: Sdk, { url, apiKey }: Place, fetch?: typeof globalThis.fetch) =>
  createOpenAI({ baseURL: `${url}/v1`, apiKey, ...(fetch && { fetch }) });

export const aiSdkClient: OfficialClient<Sdk, Models> = {
  name: 'ai',
  sdk: {
    ESM: { ...esm, ...esmOpenAI },
    CommonJS: { ...require('ai'), ...require('@ai-sdk/openai') } as Sdk,
  },
  format: openaiFormat,
  provider: openaiClient.provider,
  bare: (sdk, place) => {
    const models = provider(sdk, place);
    return {
      chat: models.chat('gpt-4o-mini'),
      responses: models.responses('gpt-4o-mini'),
      embedding: models.embedding('text-embedding-3-small'),
    };
  },
  governed: (sdk, place, governor) => {
    const models = provider(sdk, place, governor.fetch);
    const middleware = genopsMiddleware({ ledger: governor.ledger });
    return {
      chat: sdk.wrapLanguageModel({ model: models.chat('gpt-4o-mini'), middleware }),
      responses: sdk.wrapLanguageModel({ model: models.responses('gpt-4o-mini'), middleware }),
      embedding: models.embedding('text-embedding-3-small'),
    };
  },
  uses: {
    generateText: {
      run: async ({ chat }, { generateText }) => {
        const { text, usage, finishReason } = await generateText({ model: chat, ...prompt });
        return { text, usage, finishReason };
      },
    },
    'generateText with an output': {
      replies: [structured],
      run: async ({ chat }, { generateText, Output }) =>
        (await generateText({ model: chat, ...prompt, output: Output.object({ schema: hour }) })).output,
    },
    'generateText with a tool': {
      replies: [toolCall, {}],
      run: async ({ chat }, { generateText, stepCountIs }) => {
        const tools = { 'read-clock': clock };
        const answer = await generateText({ model: chat, ...prompt, tools, stopWhen: stepCountIs(3) });
        return [answer.text, answer.steps.map(({ toolResults }) => toolResults), answer.totalUsage];
      },
    },
    'generateText of responses': {
      run: async ({ responses }, { generateText }) => {
        const { text, usage } = await generateText({ model: responses, ...prompt });
        return { text, usage };
      },
    },
    'streamText, its text': {
      run: async ({ chat }, { streamText }) => toTheEnd(streamText({ model: chat, ...prompt }).textStream),
    },
    'streamText, its promises and onFinish': {
      run: async ({ chat }, { streamText }) => {
        const { promise, resolve } = Promise.withResolvers<unknown>();
        const onFinish: esm.StreamTextOnEndCallback<esm.ToolSet> = ({ text, totalUsage }) =>
          resolve([text, totalUsage]);
        const result = streamText({ model: chat, ...prompt, onFinish });
        await result.consumeStream();
        return [await result.text, await result.usage, await result.finishReason, await promise];
      },
    },
    'streamText as a response': {
      run: async ({ chat }, { streamText }) =>
        streamText({ model: chat, ...prompt })
          .toTextStreamResponse()
          .text(),
    },
    'streamText with an output': {
      replies: [structured],
      run: async ({ chat }, { streamText, Output }) =>
        streamText({ model: chat, ...prompt, output: Output.object({ schema: hour }) }).output,
    },
    'streamText of responses': {
      run: async ({ responses }, { streamText }) => streamText({ model: responses, ...prompt }).text,
    },
    embed: {
      run: async ({ embedding }, { embed }) => {
        const { embedding: vector, usage } = await embed({ model: embedding, value: 'Where?' });
        return { vector, usage };
      },
    },
  },
  breakOut: async ({ chat }, { streamText }, abortSignal) =>
    first(streamText({ model: chat, ...prompt, abortSignal }).textStream),
  // The text is one of several branches of the stream.
  staysUntilAborted: true,
  ask: ({ chat }, abortSignal, { generateText }) => generateText({ model: chat, ...prompt, abortSignal }),
};
