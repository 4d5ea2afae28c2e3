import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeUpstream } from './fake-upstream.ts';
import { type FixedUpstream, startFixedUpstream } from './fixed-upstream.ts';

let upstream: FixedUpstream;
const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] };

beforeAll(async () => {
  upstream = await startFixedUpstream();
});
afterAll(() => upstream.close());

describe('startFixedUpstream', () => {
  it.each([
    ['a whole answer', {}],
    ['a stream', { stream: true }],
    ['a stream with usage', { stream: true, stream_options: { include_usage: true } }],
  ])('gives %s like the fake upstream’s', async (_, options) => {
    const fake = await startFakeUpstream();
    const request = { ...body, ...options };
    const [fixedText, fakeText] = await Promise.all([post(upstream.url, request), post(fake.url, request)]);
    await fake.close();
    expect(withoutCounts(fixedText)).toBe(withoutCounts(fakeText));
  });

  it('finds the caller’s choice in a large body', async () => {
    const large = { ...body, messages: [{ role: 'user', content: 'x'.repeat(300_000) }], stream: true };
    expect(await post(upstream.url, large)).toContain('[DONE]');
  });

  it('satisfies the openai SDK and checks its key', async () => {
    const before = upstream.answered;
    const client = new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey, maxRetries: 0 });
    const answer = await client.chat.completions.create({
      model: 'any',
      messages: [{ role: 'user', content: '' }],
    });
    expect(answer.choices[0]?.message.content).toContain('fake answer');
    const stranger = client.withOptions({ apiKey: 'sk-wrong' });
    await expect(stranger.models.list()).rejects.toMatchObject({ status: 401 });
    expect(upstream.answered).toBe(before + 2);
  });
});

async function post(url: string, request: object): Promise<string> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-fake' },
    body: JSON.stringify(request),
  });
  return response.text();
}

/** The fixed upstream does not count what it is sent. */
function withoutCounts(text: string): string {
  return text.replaceAll(/"(prompt|total)_tokens":\d+/g, '"$1_tokens":0');
}
