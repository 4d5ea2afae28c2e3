import { createRequire } from 'node:module';
import * as esm from '@aws-sdk/client-bedrock-runtime';
import { bedrock, throughFetch } from '@genops/bedrock';
import { withBaseUrl } from '@genops/core';
import { bedrockFormat } from '@genops/testing';
import { first, type OfficialClient, type Place, toTheEnd } from './official-client.ts';

type Sdk = typeof esm;

const modelId = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const question: esm.ConverseCommandInput = {
  modelId,
  messages: [{ role: 'user', content: [{ text: 'What time is it?' }] }],
  inferenceConfig: { maxTokens: 400 },
};
const invocation: esm.InvokeModelCommandInput = {
  modelId,
  contentType: 'application/json',
  body: JSON.stringify({
    anthropic_version: 'bedrock-2023-05-31',
    max_tokens: 400,
    messages: [{ role: 'user', content: 'What time is it?' }],
  }),
};
const message = {
  body: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-5-20250929',
    content: [{ type: 'text', text: 'Noon.' }],
    usage: { input_tokens: 40, output_tokens: 8 },
  },
};

const options = ({ url, apiKey }: Place): esm.BedrockRuntimeClientConfig => ({
  region: 'us-east-1',
  endpoint: url,
  credentials: { accessKeyId: apiKey, secretAccessKey: 'secret' },
  maxAttempts: 1,
});

export const bedrockClient: OfficialClient<Sdk, esm.BedrockRuntime> = {
  name: '@aws-sdk/client-bedrock-runtime',
  sdk: {
    ESM: esm,
    CommonJS: createRequire(import.meta.url)('@aws-sdk/client-bedrock-runtime') as Sdk,
  },
  format: bedrockFormat,
  provider: (url) => withBaseUrl(bedrock, url),
  bare: ({ BedrockRuntime }, place) => new BedrockRuntime(options(place)),
  governed: ({ BedrockRuntime }, place, governor) =>
    new BedrockRuntime({ ...options(place), ...throughFetch(governor.fetch) }),
  usesHttp2: true,
  uses: {
    ConverseCommand: {
      run: async (client, { ConverseCommand }) => client.send(new ConverseCommand(question)),
    },
    'ConverseCommand with a callback': {
      run: (client, { ConverseCommand }) =>
        new Promise((resolve, reject) => {
          client.send(new ConverseCommand(question), (error: unknown, answer) =>
            error ? reject(error) : resolve(answer),
          );
        }),
    },
    converse: { run: async (client) => client.converse(question) },
    ConverseStreamCommand: {
      run: async (client, { ConverseStreamCommand }) => {
        const { stream = [] } = await client.send(new ConverseStreamCommand(question));
        return toTheEnd(stream as AsyncIterable<unknown>);
      },
    },
    InvokeModelCommand: {
      replies: [message],
      run: async (client, { InvokeModelCommand }) => {
        const { body, contentType } = await client.send(new InvokeModelCommand(invocation));
        return [contentType, JSON.parse(body.transformToString())];
      },
    },
    middlewareStack: {
      run: async (client, { ConverseCommand }) => {
        const seen: string[] = [];
        client.middlewareStack.add(
          (next) => async (args) => {
            seen.push('before');
            const answer = await next(args);
            seen.push('after');
            return answer;
          },
          { step: 'finalizeRequest' },
        );
        await client.send(new ConverseCommand(question));
        return seen;
      },
    },
    'an error': {
      replies: [{ status: 400 }],
      run: async (client) => {
        const error = await client.converse(question).catch((thrown: Error) => thrown);
        return error instanceof Error && [error.name, error.message];
      },
    },
  },
  breakOut: async (client, _sdk, abortSignal) => {
    const { stream = [] } = await client.converseStream(question, { abortSignal });
    return first(stream as AsyncIterable<unknown>);
  },
  staysUntilAborted: true,
  ask: (client, abortSignal) => client.converse(question, { abortSignal }),
};
