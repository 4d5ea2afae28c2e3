import { amountOf, type Cost, type GovernorEvent, type LedgerEntry, withAttribution } from '@genops/core';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createGovernor, type Governor, type GovernorOptions } from './index.ts';

let upstream: FakeUpstream;
let governor: Governor;
let client: OpenAI;
const errors: unknown[] = [];

beforeAll(async () => {
  upstream = await startFakeUpstream();
});
afterAll(() => upstream.close());
afterEach(async () => {
  await governor.close();
  upstream.reset();
  expect(errors.splice(0)).toEqual([]);
});

/** The official client, governed, in front of the fake upstream. */
function govern(options: Partial<GovernorOptions> = {}): void {
  governor = createGovernor({
    providers: [openai],
    ledger: createMemoryLedger(),
    attribution: { team: 'search', project: 'ranking' },
    onError: (error) => errors.push(error),
    ...options,
  });
  const bare = new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey });
  client = governor.wrap(bare, { provider: openai });
}

const question = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'What time is it?' }],
  max_completion_tokens: 100,
};
const usage = {
  prompt_tokens: 1000,
  completion_tokens: 100,
  total_tokens: 1100,
  prompt_tokens_details: { cached_tokens: 400 },
};
/** 600 × 0.15 + 400 × 0.075 + 100 × 0.60, per million. */
const cost = '0.00018';

async function entries(): Promise<readonly LedgerEntry[]> {
  return (await governor.ledger.entries()).entries;
}

async function onlyEntry(): Promise<LedgerEntry> {
  const all = await entries();
  expect(all).toHaveLength(1);
  return all[0] as LedgerEntry;
}

function totalOf(one: Cost): string | undefined {
  return one.result === 'priced' ? amountOf(one.total) : undefined;
}

/** An address on this machine where nobody listens any more. */
async function addressOfNobody(): Promise<string> {
  const gone = await startFakeUpstream();
  await gone.close();
  return `${gone.url}/v1`;
}

function fails(): never {
  throw new RangeError('cannot be read');
}

describe('wrap', () => {
  it('attributes, meters, prices and records a call', async () => {
    govern();
    upstream.setReply({ usage });
    const { data, response } = await client.chat.completions.create(question).withResponse();
    expect(data.usage).toEqual(usage);
    expect(response.headers.get('x-genops-cost')).toBe(cost);
    const entry = await onlyEntry();
    expect(response.headers.get('x-genops-request-id')).toBe(entry.operationId);
    expect(entry).toMatchObject({
      kind: 'settled',
      outcome: 'completed',
      provider: 'openai',
      operation: 'chat',
      requestModel: 'gpt-4o-mini',
      responseModel: 'gpt-4o-mini',
      attribution: { team: 'search', project: 'ranking' },
      usage: { inputTokens: 1000, cacheReadInputTokens: 400, outputTokens: 100 },
      decision: { verdict: 'allowed' },
      status: 200,
    });
    expect(totalOf(entry.cost)).toBe(cost);
    expect(entry.cost).toMatchObject({ basis: 'computed' });
  });

  it('forwards the very bytes that the client wrote', async () => {
    govern();
    const unusual = {
      ...question,
      messages: [{ role: 'developer' as const, content: 'ünï\u2028code' }],
      seed: 7,
      'x-unknown': [1],
    };
    await client.chat.completions.create(unusual);
    expect(upstream.requests[0]?.body.toString()).toBe(JSON.stringify(unusual));
    expect(
      Object.keys(upstream.requests[0]?.headers ?? {}).filter((name) => name.startsWith('x-genops')),
    ).toEqual([]);
  });

  it('takes attributes from the context and from headers, and sends neither on', async () => {
    govern();
    await withAttribution({ customerId: 'acme', tags: { tier: 'gold' } }, () =>
      client.chat.completions.create(question, {
        headers: { 'x-genops-feature': 'rerank', 'x-genops-tag-run': '7' },
      }),
    );
    expect((await onlyEntry()).attribution).toEqual({
      team: 'search',
      project: 'ranking',
      customerId: 'acme',
      feature: 'rerank',
      tags: { tier: 'gold', run: '7' },
    });
  });

  it('passes an upstream error on as it came and charges nothing for it', async () => {
    govern();
    upstream.setReply({ status: 500, error: { message: 'The server had an error', type: 'server_error' } });
    await expect(client.chat.completions.create(question)).rejects.toMatchObject({
      status: 500,
      type: 'server_error',
    });
    const attempts = await entries();
    expect(attempts.length).toBeGreaterThan(1);
    expect(upstream.requests).toHaveLength(attempts.length);
    for (const entry of attempts) {
      expect(entry).toMatchObject({ kind: 'settled', outcome: 'failed', status: 500 });
      expect(totalOf(entry.cost)).toBe('0');
    }
  });

  it('releases the hold when nothing could be sent', async () => {
    govern({ policy: { limits: [{ id: 'cap', amount: '1', window: 'lifetime' }] } });
    const nowhere = governor.wrap(new OpenAI({ baseURL: await addressOfNobody(), apiKey: 'k' }), {
      provider: openai,
    });
    await expect(nowhere.chat.completions.create(question)).rejects.toMatchObject({
      status: 502,
      code: 'provider_unreachable',
    });
    for (const entry of await entries()) expect(entry).toMatchObject({ kind: 'released', outcome: 'failed' });
    const [state] = await governor.ledger.states(
      governor.policy.limits.map((limit) => ({ limit, bucket: '' })),
    );
    expect(state).toMatchObject({ settled: '0', held: '0' });
  });

  it('charges an estimate when the provider took the request and never answered', async () => {
    govern();
    upstream.setReply({ fault: { kind: 'reset', after: 'request' } });
    await expect(client.chat.completions.create(question)).rejects.toMatchObject({ status: 502 });
    const entry = await onlyEntry();
    expect(entry).toMatchObject({
      kind: 'settled',
      outcome: 'unknown',
      flags: ['unanswered'],
      cost: { basis: 'estimated' },
    });
    expect(entry.usage?.inputTokens).toBeGreaterThan(0);
  });

  it('settles impossible usage at what was held, and says so', async () => {
    govern();
    upstream.setReply({ usage: { prompt_tokens: -5, completion_tokens: 1 } });
    await client.chat.completions.create(question);
    const entry = await onlyEntry();
    expect(entry.flags).toContain('usage_invalid');
    expect(totalOf(entry.cost)).toBe(entry.held === undefined ? undefined : amountOf(entry.held));
  });

  it('ends a call whose answer cannot be read, instead of leaving it hanging', async () => {
    const routes = openai.routes.map((route) =>
      route.kind === 'metered' ? { ...route, dialect: { ...route.dialect, readAnswer: fails } } : route,
    );
    govern({ providers: [{ ...openai, routes }] });
    const broken = governor.wrap(new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey }), {
      provider: { ...openai, routes },
    });
    await expect(broken.chat.completions.create(question)).rejects.toThrow(/Connection error/);
  });

  it('lets free routes through and records nothing', async () => {
    govern();
    const models = await client.models.list();
    expect(models.data.length).toBeGreaterThan(0);
    expect(await entries()).toEqual([]);
  });

  it('does not send what it cannot price', async () => {
    govern();
    await expect(client.post('/hitherto/unknown', { body: {} })).rejects.toMatchObject({
      status: 403,
      code: 'unknown_route',
    });
    expect(upstream.requests).toHaveLength(0);
  });

  it('refuses a client at an address that nobody speaks for', () => {
    govern();
    expect(() => governor.wrap(new OpenAI({ baseURL: 'https://llm.example.com/v1', apiKey: 'k' }))).toThrow(
      /no governed provider is at https:\/\/llm.example.com\/v1/,
    );
  });
});

describe('streams', () => {
  it('asks for usage and keeps it from a client that did not ask', async () => {
    govern();
    upstream.setReply({ usage });
    const chunks = [];
    for await (const chunk of await client.chat.completions.create({ ...question, stream: true }))
      chunks.push(chunk);
    expect(chunks.every((chunk) => chunk.usage === undefined || chunk.usage === null)).toBe(true);
    expect(chunks.every((chunk) => chunk.choices.length > 0)).toBe(true);
    expect(upstream.requests[0]?.json).toMatchObject({ stream_options: { include_usage: true } });
    const entry = await onlyEntry();
    expect(entry).toMatchObject({ outcome: 'completed', cost: { basis: 'computed' } });
    expect(totalOf(entry.cost)).toBe(cost);
  });

  it('leaves usage to a client that asked', async () => {
    govern();
    upstream.setReply({ usage });
    const completion = await client.chat.completions
      .stream({ ...question, stream_options: { include_usage: true } })
      .finalChatCompletion();
    expect(completion.usage).toEqual(usage);
  });

  it('has recorded the call by the time the client sees the end', async () => {
    govern();
    upstream.setReply({ usage });
    for await (const _ of await client.chat.completions.create({ ...question, stream: true })) {
      // Only the end matters.
    }
    expect(await entries()).toHaveLength(1);
  });

  it.each(Array.from({ length: 15 }, (_, index) => index))(
    'settles what a client left after %i chunks, as an estimate with input',
    async (count) => {
      govern();
      upstream.setReply({ usage, chunks: 30, chunkDelayMs: 2 });
      const stream = await client.chat.completions.create({ ...question, stream: true });
      let seen = 0;
      if (count === 0) stream.controller.abort();
      else for await (const _ of stream) if (++seen >= count) break;
      await expect.poll(async () => (await entries()).length).toBe(1);
      const entry = await onlyEntry();
      expect(entry).toMatchObject({ kind: 'settled', outcome: 'cancelled', cost: { basis: 'estimated' } });
      expect(entry.usage?.inputTokens).toBeGreaterThan(0);
      await expect.poll(() => upstream.requests[0]?.state).toBe('client_aborted');
    },
  );

  it('tells the client when a stream breaks off, without a false end', async () => {
    govern();
    upstream.setReply({ usage, fault: { kind: 'reset', after: 3 } });
    const read = async (): Promise<void> => {
      for await (const _ of await client.chat.completions.create({ ...question, stream: true })) {
        // Until it breaks.
      }
    };
    await expect(read()).rejects.toMatchObject({ code: 'provider_answer_incomplete' });
    expect(await onlyEntry()).toMatchObject({ outcome: 'incomplete', cost: { basis: 'estimated' } });
  });

  it('estimates a stream that never says its usage', async () => {
    govern();
    upstream.setReply({ fault: { kind: 'no_usage' } });
    for await (const _ of await client.chat.completions.create({ ...question, stream: true })) {
      // To the end.
    }
    const entry = await onlyEntry();
    expect(entry).toMatchObject({
      outcome: 'completed',
      flags: ['usage_missing'],
      cost: { basis: 'estimated' },
    });
    expect(entry.usage?.outputTokens).toBeGreaterThanOrEqual(12);
  });
});

describe('limits', () => {
  it('refuses a model without a price under an enforced money limit, and only there', async () => {
    govern({ policy: { limits: [{ id: 'cap', amount: '1', window: 'lifetime' }] } });
    await expect(
      client.chat.completions.create({ ...question, model: 'gpt-99-imaginary' }),
    ).rejects.toMatchObject({
      status: 403,
      code: 'unpriced_model',
    });
    expect(upstream.requests).toHaveLength(0);
    expect(await onlyEntry()).toMatchObject({
      kind: 'refused',
      decision: { reasonCode: 'x_unpriced_model' },
    });
    await governor.close();

    govern();
    await client.chat.completions.create({ ...question, model: 'gpt-99-imaginary' });
    expect(await onlyEntry()).toMatchObject({
      kind: 'settled',
      cost: { result: 'unpriced', reason: 'unknown_model' },
    });
  });

  it('names the limit, its numbers, its reset and a remedy, after one attempt', async () => {
    govern({
      policy: {
        limits: [
          { id: 'search-monthly', amount: '0.00001', window: 'month', scope: { match: { team: 'search' } } },
        ],
      },
    });
    const refusal = await client.chat.completions.create(question).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(OpenAI.RateLimitError);
    expect(refusal).toMatchObject({
      status: 429,
      code: 'budget_exceeded',
      type: 'insufficient_quota',
      error: {
        reason_code: 'BUDGET_EXCEEDED',
        limit: { id: 'search-monthly', amount: '0.00001', spent: '0', held: '0', currency: 'USD' },
      },
    });
    const { headers, message } = refusal as InstanceType<typeof OpenAI.RateLimitError>;
    expect(headers?.get('x-should-retry')).toBe('false');
    expect(headers?.get('x-genops-reason')).toBe('BUDGET_EXCEEDED');
    expect(message).toMatch(/search-monthly.*resets \d{4}-\d{2}-01T00:00:00/);
    expect(upstream.requests).toHaveLength(0);
  });

  it('only notes in observe mode', async () => {
    govern({ mode: 'observe', policy: { limits: [{ id: 'cap', amount: '0', window: 'lifetime' }] } });
    await client.chat.completions.create(question);
    const entry = await onlyEntry();
    expect(entry.decision.verdict).toBe('allowed');
    expect(entry.decision.wouldHave).toEqual([
      { id: 'cap', verdict: 'blocked', reasonCode: 'BUDGET_EXCEEDED' },
    ]);
  });

  it('gives concurrency back when the call is over', async () => {
    govern({ policy: { limits: [{ id: 'two', unit: 'concurrency', amount: '2', window: 'lifetime' }] } });
    upstream.holdResponses();
    const calls = [1, 2].map(() => client.chat.completions.create(question));
    await upstream.waitForHeld(2);
    await expect(client.chat.completions.create(question)).rejects.toMatchObject({ status: 429 });
    upstream.releaseAll();
    await Promise.all(calls);
    await client.chat.completions.create(question);
  });
});

describe('on', () => {
  it('announces what happened, and survives a listener that throws', async () => {
    const seen: GovernorEvent['kind'][] = [];
    govern({ policy: { rules: [{ id: 'no-4', effect: 'deny', when: { model: 'gpt-4' } }] } });
    governor.on(() => {
      throw new Error('broken listener');
    });
    governor.on((event) => seen.push(event.kind));
    await client.chat.completions.create(question);
    await expect(client.chat.completions.create({ ...question, model: 'gpt-4' })).rejects.toMatchObject({
      status: 403,
    });
    expect(seen).toEqual(['settled', 'refused']);
    expect(errors.splice(0)).toHaveLength(2);
  });
});
