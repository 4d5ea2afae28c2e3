import { AnthropicVertex, type ClientOptions } from '@anthropic-ai/vertex-sdk';
import { withBaseUrl } from '@genops/core';
import { vertex } from '@genops/google';
import { openaiFormat } from '@genops/testing';
import { describe, expect, it } from 'vitest';
import { governedAgainst, totalOf } from './governed.ts';

type AuthClient = NonNullable<ClientOptions['authClient']>;

/** Vertex carries its token as OpenAI does; what it answers is written out below. */
const fake = governedAgainst([openaiFormat], ({ url }) => [withBaseUrl(vertex, url)]);

const question = {
  model: 'claude-sonnet-4-5@20250929',
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'What time is it?' }],
};
const message = {
  id: 'msg_vrtx_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5-20250929',
  content: [{ type: 'text', text: 'Noon.' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 1000, output_tokens: 100 },
};

function client(): AnthropicVertex {
  const headers = new Headers({ authorization: `Bearer ${fake.upstream.apiKey}` });
  return new AnthropicVertex({
    region: 'us-east5',
    projectId: 'p-1',
    authClient: { getRequestHeaders: async () => headers } as unknown as AuthClient,
    baseURL: `${fake.upstream.url}/v1`,
    fetch: fake.governor.fetch,
    maxRetries: 0,
  });
}

describe('Anthropic’s client for Vertex', () => {
  it('gets its message, at the prices of Vertex', async () => {
    fake.upstream.setReply({ body: message });
    const answer = await client().messages.create(question);
    expect(answer.content).toEqual(message.content);
    const [entry] = await fake.entries();
    expect(entry).toMatchObject({
      provider: 'google-vertex',
      requestModel: question.model,
      responseModel: message.model,
      cost: { result: 'priced', basis: 'computed' },
    });
    // 1000 × 3 + 100 × 15, per million.
    expect(totalOf(entry)).toBe('0.0045');
    expect(fake.upstream.requests[0]?.url).toBe(
      '/v1/projects/p-1/locations/us-east5/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict',
    );
  });

  it('streams its message', async () => {
    const events = [
      {
        type: 'message_start',
        message: { ...message, content: [], usage: { input_tokens: 1000, output_tokens: 1 } },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Noon.' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 100 } },
      { type: 'message_stop' },
    ];
    fake.upstream.setReply({
      body: events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
      headers: { 'content-type': 'text/event-stream' },
    });
    const streamed = await client().messages.stream(question).finalMessage();
    expect(streamed.content).toMatchObject([{ text: 'Noon.' }]);
    const [entry] = await fake.entries();
    expect(entry).toMatchObject({ stream: true, outcome: 'completed' });
    expect(totalOf(entry)).toBe('0.0045');
  });

  it('counts tokens for nothing', async () => {
    fake.upstream.setReply({ body: { input_tokens: 11 } });
    await client().messages.countTokens(question);
    expect(await fake.entries()).toEqual([]);
  });

  it('is refused in its own words', async () => {
    await fake.limitTo('0.000001');
    await expect(client().messages.create(question)).rejects.toMatchObject({
      status: 429,
      error: { type: 'error', error: { code: 'budget_exceeded' } },
    });
    expect(fake.upstream.requests).toHaveLength(0);
  });
});
