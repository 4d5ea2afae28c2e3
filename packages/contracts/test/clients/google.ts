import { createRequire } from 'node:module';
import { withBaseUrl } from '@genops/core';
import { google } from '@genops/google';
import { geminiFormat } from '@genops/testing';
import * as esm from '@google/genai';
import { first, type OfficialClient, toTheEnd } from './official-client.ts';

type Sdk = Pick<typeof esm, 'GoogleGenAI'>;

const model = 'gemini-2.5-flash';
const config = { maxOutputTokens: 400 };
const question = { model, contents: 'What time is it?', config };

const clock: esm.CallableTool = {
  tool: async () => ({ functionDeclarations: [{ name: 'read-clock', description: 'Tells the time' }] }),
  callTool: async (calls) =>
    calls.map(({ name = '' }) => ({ functionResponse: { name, response: { output: 'Noon.' } } })),
};
/** The model wants its tool before it answers. */
const functionCall = {
  body: {
    candidates: [
      {
        content: { role: 'model', parts: [{ functionCall: { name: 'read-clock', args: {} } }] },
        finishReason: 'STOP',
        index: 0,
      },
    ],
    usageMetadata: { promptTokenCount: 40, candidatesTokenCount: 8, totalTokenCount: 48 },
    modelVersion: model,
  },
};

/** Without what it keeps of the HTTP head, which has more when it is governed. */
function said({ sdkHttpResponse: _, ...answer }: esm.GenerateContentResponse): unknown {
  return answer;
}

export const googleClient: OfficialClient<Sdk, esm.GoogleGenAI> = {
  name: '@google/genai',
  sdk: { ESM: esm, CommonJS: createRequire(import.meta.url)('@google/genai') as Sdk },
  format: geminiFormat,
  provider: (url) => withBaseUrl(google, url),
  bare: ({ GoogleGenAI }, { url, apiKey }) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url } }),
  governed: ({ GoogleGenAI }, { url, apiKey }, governor) =>
    new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url, fetch: governor.fetch } }),
  uses: {
    generateContent: { run: async (client) => said(await client.models.generateContent(question)) },
    'the text of an answer': { run: async (client) => (await client.models.generateContent(question)).text },
    generateContentStream: {
      run: async (client) => (await toTheEnd(await client.models.generateContentStream(question))).map(said),
    },
    'a response schema': {
      replies: [{ text: '{"hour":12}' }],
      run: async (client) => {
        const responseJsonSchema = { type: 'object', properties: { hour: { type: 'number' } } };
        const { text } = await client.models.generateContent({
          ...question,
          config: { ...config, responseMimeType: 'application/json', responseJsonSchema },
        });
        return JSON.parse(text ?? '');
      },
    },
    'a tool that is called': {
      replies: [functionCall, {}],
      run: async (client) =>
        said(await client.models.generateContent({ ...question, config: { ...config, tools: [clock] } })),
    },
    'chat.sendMessage': {
      replies: [{}, {}],
      run: async (client) => {
        const chat = client.chats.create({ model, config });
        const one = await chat.sendMessage({ message: 'What time is it?' });
        const two = await chat.sendMessage({ message: 'And now?' });
        return [said(one), said(two), chat.getHistory()];
      },
    },
    'chat.sendMessageStream': {
      run: async (client) => {
        const chat = client.chats.create({ model, config });
        const chunks = await toTheEnd(await chat.sendMessageStream({ message: 'What time is it?' }));
        return [chunks.map(said), chat.getHistory()];
      },
    },
    embedContent: {
      replies: [{ body: { embeddings: [{ values: [0.1, 0.2], statistics: { tokenCount: 7 } }] } }],
      run: async (client) => {
        const { embeddings } = await client.models.embedContent({
          model: 'gemini-embedding-001',
          contents: 'Where is the station?',
        });
        return embeddings;
      },
    },
  },
  breakOut: async (client, _sdk, abortSignal) => {
    const asked = { ...question, config: { ...config, abortSignal } };
    return first(await client.models.generateContentStream(asked));
  },
  staysUntilAborted: true,
  ask: (client, abortSignal) =>
    client.models.generateContent({ ...question, config: { ...config, abortSignal } }),
};
