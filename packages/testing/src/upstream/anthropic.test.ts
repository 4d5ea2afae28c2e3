import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from './fake-upstream.ts';

let upstream: FakeUpstream;
let client: Anthropic;

beforeAll(async () => {
  upstream = await startFakeUpstream();
  client = new Anthropic({ baseURL: upstream.url, apiKey: upstream.apiKey, maxRetries: 0 });
});
beforeEach(() => upstream.reset());
afterAll(() => upstream.close());

const question = {
  model: 'claude-sonnet-4-6',
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'What time is it?' }],
};

describe('a fake upstream, to the Anthropic SDK', () => {
  it('answers and streams the same message', async () => {
    const whole = await client.messages.create(question);
    const streamed = await client.messages.stream(question).finalMessage();
    expect(whole.content).toMatchObject([{ type: 'text', text: expect.stringContaining('fake answer') }]);
    expect(streamed.content).toMatchObject([{ type: 'text', text: expect.stringContaining('fake answer') }]);
    expect(whole.stop_reason).toBe('end_turn');
    expect(whole.usage.output_tokens).toBe(12);
    expect(streamed.usage.output_tokens).toBe(12);
  });

  it('gives back exactly the usage it was told', async () => {
    const usage = { input_tokens: 7, cache_read_input_tokens: 30, output_tokens: 50 };
    upstream.setReply({ usage });
    expect((await client.messages.create(question)).usage).toEqual(usage);
    const streamed = await client.messages.stream(question).finalMessage();
    expect(streamed.usage).toMatchObject(usage);
    expect(upstream.requests.map(({ outputTokens }) => outputTokens)).toEqual([50, 50]);
  });

  it('counts tokens and lists its own models', async () => {
    const { input_tokens } = await client.messages.countTokens({
      model: question.model,
      messages: question.messages,
    });
    expect(input_tokens).toBeGreaterThan(0);
    expect((await client.models.list()).data[0]?.id).toBe('claude-sonnet-4-6');
  });

  it.each([
    [{ ...question, max_tokens: 0 }, 400, 'invalid_request_error'],
    [{ ...question, messages: [] }, 400, 'invalid_request_error'],
  ])('refuses %j', async (body, status, type) => {
    await expect(client.messages.create(body)).rejects.toMatchObject({ status, error: { error: { type } } });
  });

  it('answers 401 to a wrong key and 529 when told', async () => {
    const stranger = client.withOptions({ apiKey: 'sk-wrong' });
    await expect(stranger.messages.create(question)).rejects.toMatchObject({
      status: 401,
      error: { type: 'error', error: { type: 'authentication_error' } },
    });
    upstream.setReply({ status: 529 });
    await expect(client.messages.create(question)).rejects.toMatchObject({
      status: 529,
      error: { error: { type: 'overloaded_error' } },
    });
  });

  it('ends a stream with an error event', async () => {
    upstream.setReply({ fault: { kind: 'error_event', after: 5 } });
    await expect(client.messages.stream(question).finalMessage()).rejects.toThrow('Overloaded');
  });
});
