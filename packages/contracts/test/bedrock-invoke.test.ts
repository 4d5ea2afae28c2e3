import { readFileSync } from 'node:fs';
import {
  BedrockRuntimeClient,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { bedrock, throughFetch } from '@genops/bedrock';
import { withBaseUrl } from '@genops/core';
import { bedrockFormat } from '@genops/testing';
import { describe, expect, it } from 'vitest';
import { governedAgainst, totalOf } from './governed.ts';

const fake = governedAgainst([bedrockFormat], ({ url }) => [withBaseUrl(bedrock, url)]);

function client(): BedrockRuntimeClient {
  return new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: fake.upstream.url,
    credentials: { accessKeyId: fake.upstream.apiKey, secretAccessKey: 'secret' },
    ...throughFetch(fake.governor.fetch),
  });
}

const claude = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const messages = {
  anthropic_version: 'bedrock-2023-05-31',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'What time is it?' }],
};
const invoke = (modelId: string, body: object): InvokeModelCommand =>
  new InvokeModelCommand({ modelId, contentType: 'application/json', body: JSON.stringify(body) });

describe('the AWS client, with bodies of the model’s maker', () => {
  it('gets a message of Claude, metered by the body', async () => {
    fake.upstream.setReply({
      body: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'claude-sonnet-4-5-20250929',
        content: [{ type: 'text', text: 'Noon.' }],
        usage: { input_tokens: 1000, cache_read_input_tokens: 500, output_tokens: 100 },
      },
      headers: { 'x-amzn-bedrock-input-token-count': '1000', 'x-amzn-bedrock-output-token-count': '100' },
    });
    const answer = await client().send(invoke(claude, messages));
    expect(JSON.parse(answer.body.transformToString())).toMatchObject({ content: [{ text: 'Noon.' }] });
    const [entry] = await fake.entries();
    expect(entry).toMatchObject({
      requestModel: claude,
      operation: 'chat',
      usage: { inputTokens: 1500, cacheReadInputTokens: 500, outputTokens: 100 },
      cost: { result: 'priced', basis: 'computed' },
    });
    expect(fake.upstream.requests[0]?.json).toEqual(messages);
  });

  it('streams a message of Claude', async () => {
    fake.upstream.setReply({
      body: readFileSync(new URL('../../adapters/bedrock/fixtures/invoke-stream.bin', import.meta.url)),
      headers: { 'content-type': 'application/vnd.amazon.eventstream' },
    });
    const { body } = await client().send(
      new InvokeModelWithResponseStreamCommand({ modelId: claude, body: JSON.stringify(messages) }),
    );
    let text = '';
    for await (const { chunk } of body ?? []) {
      const event = JSON.parse(Buffer.from(chunk?.bytes ?? []).toString()) as { delta?: { text?: string } };
      text += event.delta?.text ?? '';
    }
    expect(text).toBe('La gare est à 300 m. 🚉');
    expect(await fake.entries()).toMatchObject([
      { stream: true, outcome: 'completed', usage: { inputTokens: 2185, outputTokens: 60 } },
    ]);
  });

  it('gets an answer without counters, metered by the head', async () => {
    fake.upstream.setReply({
      body: { outputs: [{ text: 'Noon.', stop_reason: 'stop' }] },
      headers: { 'x-amzn-bedrock-input-token-count': '1000', 'x-amzn-bedrock-output-token-count': '100' },
    });
    await client().send(
      invoke('mistral.mistral-large-2402-v1:0', { prompt: '<s>[INST] x [/INST]', max_tokens: 100 }),
    );
    const [entry] = await fake.entries();
    expect(entry).toMatchObject({ usage: { inputTokens: 1000, outputTokens: 100 } });
    expect(entry?.cost).toMatchObject({ result: 'priced', basis: 'computed' });
    expect(Number(totalOf(entry))).toBeGreaterThan(0);
  });

  it('embeds', async () => {
    fake.upstream.setReply({ body: { embedding: [0.1], inputTextTokenCount: 1000 } });
    await client().send(invoke('amazon.titan-embed-text-v2:0', { inputText: 'x' }));
    expect(await fake.entries()).toMatchObject([
      { operation: 'embeddings', usage: { inputTokens: 1000 }, cost: { result: 'priced' } },
    ]);
  });

  it('makes images, charged one by one', async () => {
    fake.upstream.setReply({ body: { images: ['iVBORw0KGgo='], seeds: [1], finish_reasons: [null] } });
    await client().send(invoke('stability.stable-image-ultra-v1:1', { prompt: 'Rain' }));
    const [entry] = await fake.entries();
    expect(entry).toMatchObject({ operation: 'image_generation', usage: { images: 1 } });
    expect(totalOf(entry)).toBe('0.14');
  });
});
