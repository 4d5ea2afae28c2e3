import { amountOf, type LedgerEntry } from '@genops/core';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import OpenAI, { type APIError } from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createGovernor, type Governor, type GovernorOptions } from './index.ts';

let upstream: FakeUpstream;
let governor: Governor;
let client: OpenAI;

beforeAll(async () => {
  upstream = await startFakeUpstream();
});
afterAll(() => upstream.close());
afterEach(async () => {
  await governor.close();
  upstream.reset();
});

/** As somebody writes it who has not read about routing. */
function govern(options: Partial<GovernorOptions> = {}): void {
  governor = createGovernor({
    providers: [openai],
    ledger: createMemoryLedger(),
    policy: { limits: [{ id: 'cap', amount: '1', window: 'lifetime' }] },
    ...options,
  });
  const bare = new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey });
  client = governor.wrap(bare, { provider: openai });
}

async function ask(stream = false): Promise<{ readonly text: string; readonly error?: APIError }> {
  const question = {
    model: 'gpt-4o-mini',
    messages: [{ role: 'user' as const, content: 'Hi' }],
    max_tokens: 20,
  };
  let text = '';
  try {
    if (!stream) {
      const answer = await client.chat.completions.create(question);
      return { text: answer.choices[0]?.message.content ?? '' };
    }
    for await (const chunk of await client.chat.completions.create({ ...question, stream: true }))
      text += chunk.choices[0]?.delta.content ?? '';
    return { text };
  } catch (error) {
    return { text, error: error as APIError };
  }
}

async function attempts(): Promise<readonly LedgerEntry[]> {
  const { entries } = await governor.ledger.entries({ pageSize: 1_000 });
  return entries;
}

describe.each([
  ['a whole answer', false],
  ['a stream', true],
] as const)('a governor without routing options, %s', (_, stream) => {
  it.each([500, 502, 503, 429, 408])('tries again after a %i, and books each attempt', async (status) => {
    govern();
    upstream.addRule({ reply: { status, headers: { 'retry-after-ms': '20' } }, times: 1 });
    upstream.setReply({ text: 'well again' });
    expect(await ask(stream)).toEqual({ text: 'well again' });
    const entries = await attempts();
    expect(entries.map((entry) => entry.status)).toEqual([status, 200]);
    expect(new Set(entries.map(({ operationId }) => operationId)).size).toBe(1);
    expect(entries[0]?.cost).toMatchObject({ result: 'priced' });
    const [failed] = entries;
    expect(failed?.cost.result === 'priced' && amountOf(failed.cost.total)).toBe('0');
    const limits = governor.policy.limits.map((limit) => ({ limit, bucket: '' }));
    expect((await governor.ledger.states(limits))[0]?.held).toBe('0');
  });

  it.each([400, 401, 403, 404, 422])('does not after a %i, which would not get better', async (status) => {
    govern();
    upstream.setReply({ status });
    expect((await ask(stream)).error?.status).toBe(status);
    expect(upstream.requests).toHaveLength(1);
  });

  it('does not after a request that the provider may have worked on: it would cost twice', async () => {
    for (const fault of [
      { kind: 'reset', after: 'request' },
      { kind: 'reset', after: 'headers' },
      { kind: 'hang', after: 'request' },
    ] as const) {
      govern({ timeoutMs: 300 });
      upstream.setReply({ fault });
      expect((await ask(stream)).error).toBeDefined();
      expect(upstream.requests).toHaveLength(1);
      expect(await attempts()).toMatchObject([{ outcome: 'unknown', cost: { basis: 'estimated' } }]);
      await governor.close();
      upstream.reset();
    }
  });

  it('does not longer than its deadline, nor waits when there is no time for it', async () => {
    govern({ timeoutMs: 500 });
    upstream.setReply({ status: 429, headers: { 'retry-after': '5' } });
    const started = performance.now();
    expect((await ask(stream)).error?.status).toBe(429);
    expect(performance.now() - started).toBeLessThan(500);
    expect(upstream.requests).toHaveLength(1);
  });

  it('pays for retries with answers: 60 calls that all fail are 70 attempts at most', async () => {
    govern({ routing: { breaker: { failures: 1_000_000 }, backOff: { baseMs: 1 } } });
    upstream.setReply({ status: 500 });
    for (let call = 0; call < 60; call += 1) await ask(stream);
    expect(upstream.requests.length).toBeGreaterThan(60);
    expect(upstream.requests.length).toBeLessThanOrEqual(70);
  });

  it('makes one attempt with `routing: false`, and keeps nothing back', async () => {
    govern({ routing: false });
    upstream.setReply({ status: 500 });
    for (let call = 0; call < 8; call += 1) expect((await ask(stream)).error?.status).toBe(500);
    expect(upstream.requests).toHaveLength(8);
  });
});

describe('a stream that has begun', () => {
  it('is never begun again', async () => {
    govern();
    upstream.setReply({ text: 'one two three four', fault: { kind: 'reset', after: 3 } });
    const { text, error } = await ask(true);
    expect(text).toMatch(/^one/);
    expect(error).toBeDefined();
    expect(upstream.requests).toHaveLength(1);
  });
});
