import type { ConverseCommandInput } from '@aws-sdk/client-bedrock-runtime';
import { image, oddText, schema } from './odd.ts';

const modelId = 'us.amazon.nova-lite-v1:0';
const inferenceConfig = { maxTokens: 50 };

/** Requests to Converse, as people write them for the official client; what it does not know has one place. */
export const converseRequests: Readonly<Record<string, ConverseCommandInput>> = {
  'unknown parameters': {
    modelId,
    messages: [{ role: 'user', content: [{ text: 'What time is it?' }] }],
    inferenceConfig,
    additionalModelRequestFields: {
      'x-unknown': { nested: [1, null, { 'a-b': [] }], text: oddText, numbers: [-1, 0.1, 1e21] },
    },
    additionalModelResponseFieldPaths: ['/x-unknown'],
  },
  'tools, calls of them and their results': {
    modelId,
    messages: [
      { role: 'user', content: [{ text: 'What time is it?' }] },
      {
        role: 'assistant',
        content: [
          { toolUse: { toolUseId: 'x-tool-1', name: 'find-it', input: { 'who-else': null, n: -1 } } },
        ],
      },
      {
        role: 'user',
        content: [
          {
            toolResult: {
              toolUseId: 'x-tool-1',
              content: [{ text: oddText }, { json: { found: [null, ''] } }],
              status: 'success',
            },
          },
        ],
      },
    ],
    toolConfig: {
      tools: [{ toolSpec: { name: 'find-it', inputSchema: { json: schema } } }],
      toolChoice: { tool: { name: 'find-it' } },
    },
    inferenceConfig,
  },
  'images and documents': {
    modelId,
    messages: [
      {
        role: 'user',
        content: [
          { image: { format: 'png', source: { bytes: Buffer.from(image, 'base64') } } },
          { document: { format: 'pdf', name: 'a-b', source: { bytes: Buffer.from('%PDF') } } },
          { video: { format: 'mp4', source: { s3Location: { uri: 's3://bucket-1/a-b.mp4' } } } },
          { text: oddText },
          { cachePoint: { type: 'default' } },
        ],
      },
    ],
    inferenceConfig,
  },
  'a system, odd text and numbers': {
    modelId,
    system: [{ text: oddText }],
    messages: [{ role: 'user', content: [{ text: oddText }] }],
    inferenceConfig: { maxTokens: 50, temperature: 0.1, topP: 0, stopSequences: ['\u2028'] },
    requestMetadata: { 'x-team': 'a-b' },
  },
  'a model by its ARN, and nobody knows how long its answers get': {
    modelId: 'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0',
    messages: [{ role: 'user', content: [{ text: oddText }] }],
  },
};
