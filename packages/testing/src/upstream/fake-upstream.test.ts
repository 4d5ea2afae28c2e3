import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from './fake-upstream.ts';

let upstream: FakeUpstream;
let client: OpenAI;

beforeAll(async () => {
  upstream = await startFakeUpstream();
  client = new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey, maxRetries: 0 });
});
beforeEach(() => upstream.reset());
afterAll(() => upstream.close());

const question = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'What time is it?' }] };

describe('a fake upstream, to the openai SDK', () => {
  it('answers a chat, the same each time', async () => {
    const first = await client.chat.completions.create(question);
    const second = await client.chat.completions.create(question);
    expect(first.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { role: 'assistant', content: 'This is a fake answer that comes out the same each time.' },
    });
    expect(second.choices).toEqual(first.choices);
    expect(second.usage).toEqual(first.usage);
    expect(first.usage?.completion_tokens).toBe(12);
  });

  it('keeps to the caller’s cap and number of choices', async () => {
    const answer = await client.chat.completions.create({ ...question, max_completion_tokens: 3, n: 2 });
    expect(answer.choices.map((choice) => choice.message.content)).toEqual(['This is a', 'This is a']);
    expect(answer.choices[0]?.finish_reason).toBe('length');
    expect(answer.usage?.completion_tokens).toBe(6);
  });

  it('gives back exactly the usage it was told', async () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 50,
      total_tokens: 150,
      prompt_tokens_details: { cached_tokens: 40 },
    };
    upstream.setReply({ usage });
    expect((await client.chat.completions.create(question)).usage).toEqual(usage);
    expect(upstream.requests[0]?.outputTokens).toBe(50);
  });

  it('satisfies the stream helper', async () => {
    const completion = await client.chat.completions
      .stream({ ...question, stream_options: { include_usage: true } })
      .finalChatCompletion();
    const whole = await client.chat.completions.create(question);
    expect(completion.choices[0]?.message.content).toBe(whole.choices[0]?.message.content);
    expect(completion.usage?.completion_tokens).toBe(12);
  });

  it.each([
    [true, 1],
    [false, 0],
  ])('sends a usage chunk when include_usage is %s: %i', async (include_usage, expected) => {
    const stream = await client.chat.completions.create({
      ...question,
      stream: true,
      ...(include_usage ? { stream_options: { include_usage } } : {}),
    });
    const chunks = await collect(stream);
    expect(chunks.filter((chunk) => chunk.usage != null)).toHaveLength(expected);
    expect(chunks.filter((chunk) => chunk.choices.length === 0)).toHaveLength(expected);
  });

  it('cuts a text into as many chunks as it is told, whole characters each', async () => {
    upstream.setReply({ text: 'a🙂bcdé', chunks: 4 });
    const stream = await client.chat.completions.create({ ...question, stream: true });
    const contents = (await collect(stream)).map((chunk) => chunk.choices[0]?.delta.content ?? '');
    expect(contents.filter((content) => content !== '')).toHaveLength(4);
    expect(contents.join('')).toBe('a🙂bcdé');
  });

  it('answers and streams responses', async () => {
    const request = { model: 'gpt-4o', input: 'Hello' };
    const whole = await client.responses.create(request);
    expect(whole.output_text).toContain('fake answer');
    expect(whole.usage?.output_tokens).toBe(12);
    const streamed = await client.responses.stream(request).finalResponse();
    expect(streamed.output_text).toBe(whole.output_text);
    expect(streamed.usage?.output_tokens).toBe(12);
  });

  it('embeds as floats and as base64', async () => {
    const request = { model: 'text-embedding-3-small', input: ['a', 'b'], dimensions: 4 };
    const asBase64 = await client.embeddings.create(request);
    const asFloats = await client.embeddings.create({ ...request, encoding_format: 'float' });
    expect(asBase64.data.map((row) => Array.from(row.embedding))).toEqual([
      [1, 0, 0, 0],
      [0, 1, 0, 0],
    ]);
    expect(asFloats.data[1]?.embedding).toEqual([0, 1, 0, 0]);
    expect(asBase64.usage.prompt_tokens).toBeGreaterThan(0);
  });

  it('lists models and reads one', async () => {
    expect((await client.models.list()).data.map(({ id }) => id)).toContain('gpt-4o-mini');
    expect((await client.models.retrieve('gpt-4o')).id).toBe('gpt-4o');
  });

  it.each([
    ['without a key', { authorization: null }],
    ['with a wrong key', { authorization: 'Bearer sk-wrong' }],
  ])('answers 401 %s', async (_, headers) => {
    const call = client.chat.completions.create(question, { headers });
    await expect(call).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
  });

  it.each([
    [{ ...question, model: '' }, 'model'],
    [{ ...question, messages: [] }, 'messages'],
    [{ ...question, max_tokens: -1 }, 'max_tokens'],
    [{ ...question, n: 1.5 }, 'n'],
    [{ ...question, stream_options: {} }, 'stream_options'],
  ])('refuses %j, naming %s', async (body, param) => {
    const call = client.chat.completions.create(body);
    await expect(call).rejects.toMatchObject({ status: 400, type: 'invalid_request_error', param });
  });

  it('refuses what is not JSON, and does not know other paths', async () => {
    const headers = { authorization: `Bearer ${upstream.apiKey}` };
    const bad = await fetch(`${upstream.url}/v1/chat/completions`, { method: 'POST', headers, body: '{' });
    expect(bad.status).toBe(400);
    const lost = await fetch(`${upstream.url}/v1/nothing`, { headers });
    expect(await lost.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
    expect(lost.status).toBe(404);
  });
});

describe('its rules', () => {
  it('answer the requests they match, newest first, as many times as they say', async () => {
    upstream.addRule({ when: { model: 'gpt-4o' }, reply: { text: 'rule' } });
    upstream.addRule({ reply: { status: 503 }, times: 1 });
    const remove = upstream.addRule({ when: { stream: true }, reply: { status: 500 } });
    await expect(client.chat.completions.create(question)).rejects.toMatchObject({ status: 503 });
    expect((await client.chat.completions.create(question)).choices[0]?.message.content).toBe('rule');
    const other = await client.chat.completions.create({ ...question, model: 'gpt-4o-mini' });
    expect(other.choices[0]?.message.content).not.toBe('rule');
    await expect(client.chat.completions.create({ ...question, stream: true })).rejects.toMatchObject({
      status: 500,
    });
    remove();
    await client.chat.completions.create({ ...question, stream: true });
  });

  it('use up a list in order and stay with its last', async () => {
    upstream.addRule({ reply: [{ text: 'one' }, { text: 'two' }] });
    const texts: unknown[] = [];
    for (let call = 0; call < 3; call += 1) {
      texts.push((await client.chat.completions.create(question)).choices[0]?.message.content);
    }
    expect(texts).toEqual(['one', 'two', 'two']);
  });

  it('can look at the request and its headers', async () => {
    upstream.addRule({ when: { headers: { 'x-team': 'search' } }, reply: { text: 'by header' } });
    upstream.addRule({
      when: ({ path }) => path.endsWith('/models'),
      reply: ({ method }) => ({ body: { method } }),
    });
    const answer = await client.chat.completions.create(question, { headers: { 'x-team': 'search' } });
    expect(answer.choices[0]?.message.content).toBe('by header');
    const models = await fetch(`${upstream.url}/v1/models`, {
      headers: { authorization: `Bearer ${upstream.apiKey}` },
    });
    expect(await models.json()).toEqual({ method: 'GET' });
  });
});

describe('its journal', () => {
  it('has the request as it came', async () => {
    await client.chat.completions.create(question, { query: { a: 'b' }, headers: { 'x-team': 'search' } });
    const [entry] = upstream.requests;
    await entry?.ended;
    expect(entry).toMatchObject({
      number: 1,
      method: 'POST',
      url: '/v1/chat/completions?a=b',
      path: '/v1/chat/completions',
      status: 200,
      pieces: 1,
      outputTokens: 12,
      state: 'answered',
    });
    expect(entry?.headers['x-team']).toBe('search');
    expect(entry?.body.toString()).toBe(JSON.stringify(question));
  });

  it('tells when the client left, and how many tokens it had been sent', async () => {
    upstream.setReply({
      usage: { prompt_tokens: 10, completion_tokens: 40 },
      chunks: 4,
      fault: { kind: 'hang', after: 3 },
    });
    const stream = await client.chat.completions.create({ ...question, stream: true });
    let seen = 0;
    for await (const _ of stream) {
      seen += 1;
      if (seen === 3) break;
    }
    const [entry] = upstream.requests;
    await entry?.ended;
    // The role comes first, then two of four parts of the text.
    expect(entry).toMatchObject({ state: 'client_aborted', pieces: 3, outputTokens: 20 });
  });
});

describe('holding responses', () => {
  it('holds them all until they are released', async () => {
    upstream.holdResponses();
    const calls = Array.from({ length: 20 }, () => client.chat.completions.create(question));
    await upstream.waitForHeld(20);
    expect(upstream.held).toBe(20);
    expect(upstream.requests.every(({ state }) => state === 'held')).toBe(true);
    upstream.releaseAll();
    expect(await Promise.all(calls)).toHaveLength(20);
    expect(upstream.held).toBe(0);
  });

  it('notices who gives up meanwhile', async () => {
    upstream.holdResponses();
    const abort = new AbortController();
    const call = client.chat.completions.create(question, { signal: abort.signal });
    await upstream.waitForHeld(1);
    abort.abort();
    await expect(call).rejects.toThrow();
    await upstream.requests[0]?.ended;
    expect(upstream.requests[0]).toMatchObject({
      state: 'client_aborted',
      status: undefined,
      outputTokens: 0,
    });
    await expect.poll(() => upstream.held).toBe(0);
  });
});

async function collect<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}
