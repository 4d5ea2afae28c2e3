import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { amountOf, type LedgerEntry, type Provider, withBaseUrl } from '@genops/core';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import { type FakeUpstream, type Reply, startFakeUpstream } from '@genops/testing';
import OpenAI, { type APIError } from 'openai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGovernor, type Governor, type GovernorOptions } from './index.ts';

let first: FakeUpstream;
let second: FakeUpstream;
let governor: Governor;
let client: OpenAI;
const errors: unknown[] = [];

beforeAll(async () => {
  first = await startFakeUpstream();
  second = await startFakeUpstream({ apiKey: 'sk-second' });
});
afterAll(async () => {
  await first.close();
  await second.close();
});
beforeEach(() => {
  first.setReply({ text: 'from the first' });
  second.setReply({ text: 'from the second' });
});
afterEach(async () => {
  await governor.close();
  first.reset();
  second.reset();
  expect(errors.splice(0)).toEqual([]);
});

/** Two providers that speak alike: the one that callers address, and another one behind it. */
function setUp(options: Partial<GovernorOptions> = {}): void {
  const backup: Provider = {
    ...withBaseUrl(openai, `${second.url}/v1`),
    id: 'backup',
    priceAs: (model) => ({ provider: 'openai', model }),
  };
  governor = createGovernor({
    providers: [openai, backup],
    ledger: createMemoryLedger(),
    onError: (error) => errors.push(error),
    ...options,
    routing: {
      strategy: 'failover',
      seed: 'failover',
      routes: [
        {
          models: ['gpt-4o-mini'],
          targets: [
            { provider: 'openai' },
            { provider: 'backup', model: 'gpt-4o', apiKey: { id: 'second', secret: 'sk-second' } },
          ],
        },
      ],
      ...options.routing,
    },
  });
  const bare = new OpenAI({ baseURL: `${first.url}/v1`, apiKey: first.apiKey });
  client = governor.wrap(bare, { provider: openai });
}

const question = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'What time is it?' }],
  max_completion_tokens: 100,
};

/** What a caller sees: the whole text, or the text so far and the error that ended it. */
async function ask(stream: boolean): Promise<{ readonly text: string; readonly error?: APIError }> {
  let text = '';
  try {
    if (!stream) {
      const answer = await client.chat.completions.create(question);
      return { text: answer.choices[0]?.message.content ?? '' };
    }
    for await (const chunk of await client.chat.completions.create({ ...question, stream: true })) {
      text += chunk.choices[0]?.delta.content ?? '';
    }
    return { text };
  } catch (error) {
    return { text, error: error as APIError };
  }
}

/** Each attempt as it was booked, and that none went out that was not. */
async function booked(): Promise<readonly LedgerEntry[]> {
  const { entries } = await governor.ledger.entries();
  const sent = entries.filter(({ kind }) => kind === 'settled');
  expect(sent).toHaveLength(first.requests.length + second.requests.length);
  for (const { decision } of entries) expect(decision.routing?.candidates.length).toBeGreaterThan(0);
  for (const one of entries) {
    const before = entries.filter(
      ({ operationId, attempt }) => operationId === one.operationId && attempt < one.attempt,
    );
    expect(before).toHaveLength(one.attempt - 1);
  }
  expect((await governor.ledger.verify()).findings).toEqual([]);
  return entries;
}

const places = (entries: readonly LedgerEntry[]) =>
  entries.map(({ provider, status }) => `${provider} ${status ?? 'none'}`);

describe.each([
  ['a whole answer', false],
  ['a stream', true],
] as const)('failoverbench, %s', (_, stream) => {
  it('S01: waits as long as a 429 asks when that is short and there is nowhere else to go', async () => {
    setUp({ routing: { routes: [] } });
    first.addRule({ reply: { status: 429, headers: { 'retry-after-ms': '150' } }, times: 1 });
    const started = performance.now();
    expect(await ask(stream)).toEqual({ text: 'from the first' });
    expect(performance.now() - started).toBeGreaterThanOrEqual(149);
    expect(places(await booked())).toEqual(['openai 429', 'openai 200']);
  });

  it('S02: goes elsewhere when a 429 lasts', async () => {
    setUp();
    first.setReply({ status: 429, headers: { 'retry-after': '60' } });
    expect(await ask(stream)).toEqual({ text: 'from the second' });
    expect(places(await booked())).toEqual(['openai 429', 'backup 200']);
  });

  it('S03: tries once more after one 500', async () => {
    setUp();
    first.addRule({ reply: { status: 500 }, times: 1 });
    expect(await ask(stream)).toEqual({ text: 'from the first' });
    expect(places(await booked())).toEqual(['openai 500', 'openai 200']);
  });

  it('S04: goes elsewhere after a 503', async () => {
    setUp();
    first.setReply({ status: 503 });
    expect(await ask(stream)).toEqual({ text: 'from the second' });
    expect(places(await booked())).toEqual(['openai 503', 'backup 200']);
  });

  it.each<[string, Reply['fault']]>([
    ['before the headers', { kind: 'reset', after: 'request' }],
    ['after the headers', { kind: 'reset', after: 'headers' }],
  ])('S05: goes elsewhere after a reset %s, and bills what may have been done', async (_where, fault) => {
    setUp();
    first.setReply({ fault } as Reply);
    expect(await ask(stream)).toEqual({ text: 'from the second' });
    const entries = await booked();
    expect(entries[0]).toMatchObject({ provider: 'openai', outcome: 'unknown', flags: ['unanswered'] });
    expect(entries[0]?.cost).toMatchObject({ result: 'priced', basis: 'estimated' });
  });

  it('S06: goes elsewhere when no answer comes', async () => {
    setUp({ routing: { firstByteMs: 100 } });
    first.setReply({ fault: { kind: 'hang', after: 'request' } });
    expect(await ask(stream)).toEqual({ text: 'from the second' });
    expect((await booked())[0]).toMatchObject({ provider: 'openai', outcome: 'unknown' });
  });

  it('S07: goes elsewhere when the first token is too slow', async () => {
    setUp({ routing: { firstByteMs: 100 } });
    first.setReply({ text: 'too late', delayMs: 3_000 });
    expect(await ask(stream)).toEqual({ text: 'from the second' });
  });

  it('S08: ends what was begun with an error, and never goes on elsewhere', async () => {
    setUp();
    first.setReply({
      text: 'one two three four',
      fault: { kind: 'reset', after: stream ? 3 : 1 },
      pieceBytes: stream ? undefined : 20,
    } as Reply);
    const { text, error } = await ask(stream);
    if (stream) {
      expect(text).toMatch(/^one/);
      expect(error?.message).toBeDefined();
      expect(second.requests).toHaveLength(0);
      expect((await booked())[0]).toMatchObject({ outcome: 'incomplete' });
    } else {
      // Nothing of a whole answer was passed on yet, so it can still come from elsewhere.
      expect(text).toBe('from the second');
      await booked();
    }
  });

  it('S09: ends a stream that stalls with an error, in its time', async () => {
    setUp({ idleTimeoutMs: 150, routing: { firstByteMs: 5_000 } });
    first.setReply({ text: 'one two three four', fault: { kind: 'hang', after: stream ? 3 : 'request' } });
    if (!stream) {
      await governor.close();
      setUp({ routing: { firstByteMs: 150 } });
    }
    const { text, error } = await ask(stream);
    if (stream) {
      expect(text).toMatch(/^one/);
      expect(error?.message).toContain('silent');
      expect(second.requests).toHaveLength(0);
    } else expect(text).toBe('from the second');
    await booked();
  });

  it('S10: does not mistake what is no answer for one', async () => {
    setUp();
    first.setReply({
      headers: { 'content-type': stream ? 'text/event-stream' : 'application/json' },
      body: stream ? 'data: {"id": "x", "choi\n\n' : '{"id": "x", "choi',
    });
    expect(await ask(stream)).toEqual({ text: 'from the second' });
    await booked();
  });

  it('S11: takes a stream without its last event for what it is', async () => {
    setUp();
    first.setReply({ text: 'from the first', fault: { kind: 'no_end' } });
    const { text, error } = await ask(stream);
    expect({ text, error }).toEqual({ text: 'from the first' });
    expect(places(await booked())).toEqual(['openai 200']);
  });

  it('S12: takes a prompt that is too long to another model, and blames nobody', async () => {
    setUp();
    first.setReply({
      status: 400,
      error: { code: 'context_length_exceeded', message: 'maximum context length is 128000 tokens' },
    });
    expect(await ask(stream)).toEqual({ text: 'from the second' });
    expect(places(await booked())).toEqual(['openai 400', 'backup 200']);
    expect(governor.router.state().breakers.every(({ breaker }) => breaker.opens === 0)).toBe(true);
  });

  it('S13: never routes around a content filter', async () => {
    setUp();
    first.setReply({ status: 400, error: { code: 'content_filter', message: 'The response was filtered' } });
    const { error } = await ask(stream);
    expect(error).toMatchObject({ status: 400, code: 'content_filter' });
    expect(second.requests).toHaveLength(0);
    expect(places(await booked())).toEqual(['openai 400']);
  });

  it('S14: takes a prefill that a model does not know to another one', async () => {
    setUp();
    first.setReply({
      status: 400,
      error: { message: 'This model does not support assistant message prefill.' },
    });
    expect(await ask(stream)).toEqual({ text: 'from the second' });
    expect(places(await booked())).toEqual(['openai 400', 'backup 200']);
  });

  it('S15: leaves what is down alone, and comes back to it when it is up again', async () => {
    let now = Date.now();
    setUp({ now: () => new Date(now), routing: { breaker: { failures: 3, openMs: 60_000 } } });
    first.setReply({ status: 503 });
    for (let call = 0; call < 10; call += 1) expect((await ask(stream)).text).toBe('from the second');
    expect(first.requests).toHaveLength(3);
    first.setReply({ text: 'from the first' });
    now += 61_000;
    for (let call = 0; call < 5; call += 1) expect((await ask(stream)).text).toBe('from the first');
    await booked();
  });

  it('S16: books every attempt once, at what it cost, and holds nothing afterwards', async () => {
    setUp({ policy: { limits: [{ id: 'cap', amount: '1', window: 'lifetime' }] } });
    const usage = { prompt_tokens: 1_000, completion_tokens: 100 };
    first.addRule({ reply: { status: 500 }, times: 2 });
    second.setReply({ text: 'from the second', usage: { ...usage, total_tokens: 1_100 } });
    expect((await ask(stream)).text).toBe('from the second');
    const entries = await booked();
    const costs = entries.map(({ cost }) => (cost.result === 'priced' ? amountOf(cost.total) : 'unpriced'));
    // gpt-4o: 1,000 × 2.50 + 100 × 10.00, per million.
    expect(costs).toEqual(['0', '0', '0.0035']);
    expect(entries.map(({ id }) => id.split('.')[1])).toEqual(['1', '2', '3']);
    expect(entries.map(({ providerKeyId }) => providerKeyId)).toEqual([undefined, undefined, 'second']);
    const [state] = await governor.ledger.states(
      governor.policy.limits.map((limit) => ({ limit, bucket: '' })),
    );
    expect(state).toMatchObject({ settled: '0.0035', held: '0' });
  });

  it('keeps to its one deadline, whatever goes wrong', async () => {
    for (const fault of [
      { kind: 'hang', after: 'request' },
      { kind: 'hang', after: 'headers' },
      ...(stream ? [{ kind: 'hang' as const, after: 3 }] : []),
    ] as const) {
      setUp({ timeoutMs: 400 });
      first.setReply({ fault });
      second.setReply({ fault });
      const started = performance.now();
      expect((await ask(stream)).error).toBeDefined();
      // Generous, because machines pause; the bench measures it.
      expect(performance.now() - started).toBeLessThan(1_500);
      await governor.close();
    }
  });
});

describe('a hedged call', () => {
  it.each([
    ['a whole answer', false],
    ['a stream', true],
  ])('takes whoever answers first, and books both: %s', async (_, stream) => {
    setUp({
      policy: { limits: [{ id: 'cap', amount: '1', window: 'lifetime' }] },
      routing: { hedgeAfterMs: 50 },
    });
    first.setReply({ text: 'too late', delayMs: 5_000 });
    expect(await ask(stream)).toEqual({ text: 'from the second' });
    const { entries } = await governor.ledger.entries();
    const byAttempt = [...entries].sort((left, right) => left.attempt - right.attempt);
    expect(byAttempt).toMatchObject([
      {
        attempt: 1,
        provider: 'openai',
        outcome: 'cancelled',
        cost: { result: 'priced', basis: 'estimated' },
      },
      { attempt: 2, provider: 'backup', outcome: 'completed' },
    ]);
    const [state] = await governor.ledger.states(
      governor.policy.limits.map((limit) => ({ limit, bucket: '' })),
    );
    expect(state?.held).toBe('0');
    await first.requests[0]?.ended;
    expect(first.requests[0]?.state).toBe('client_aborted');
  });

  it('is one attempt when the first is quick enough', async () => {
    setUp({ routing: { hedgeAfterMs: 1_000 } });
    expect(await ask(true)).toEqual({ text: 'from the first' });
    expect(await booked()).toHaveLength(1);
  });
});

describe('what goes to another provider', () => {
  it('is never the caller’s credentials', async () => {
    setUp();
    first.setReply({ status: 503 });
    await client.chat.completions.create(question, {
      headers: { 'openai-organization': 'org-of-the-caller', cookie: 'session=1' },
    });
    const sent = JSON.stringify(second.requests[0]?.headers);
    expect(sent).toContain('Bearer sk-second');
    expect(sent).not.toContain(first.apiKey);
    expect(sent).not.toMatch(/org-of-the-caller|session=1/);
  });

  it('asks for the model of the route, and is booked and limited under it', async () => {
    setUp({
      policy: {
        limits: [
          {
            id: 'backup-cap',
            amount: '0.000001',
            window: 'lifetime',
            scope: { match: { provider: ['backup'] } },
          },
        ],
      },
    });
    first.setReply({ status: 503 });
    const { error } = await ask(false);
    // The limit of the second provider does not let the attempt go; the first one's error stands.
    expect(error?.status).toBe(503);
    expect(second.requests).toHaveLength(0);
  });

  it('is not what the rules deny', async () => {
    setUp({ policy: { rules: [{ id: 'no-4o', effect: 'deny', when: { model: 'gpt-4o' } }] } });
    first.setReply({ status: 503 });
    const { error } = await ask(false);
    expect(error?.status).toBe(503);
    expect(second.requests).toHaveLength(0);
    const [entry] = await booked();
    expect(entry?.decision.routing?.candidates).toMatchObject([
      { targetId: 'openai/gpt-4o-mini', rank: 1 },
      { targetId: 'backup/gpt-4o' },
    ]);
  });
});

describe('a call with nowhere to go', () => {
  it('is refused with every candidate and the reason against it, and says when to come back', async () => {
    setUp();
    governor.router.keys.register({ id: 'k1', provider: 'backup', secret: 'sk-second' });
    governor.router.keys.setState('k1', 'throttled', { cooldownMs: 30_000 });
    for (let failure = 0; failure < 5; failure += 1) {
      first.setReply({ status: 503 });
      await ask(false);
    }
    const { error } = await ask(false);
    expect(error).toMatchObject({ status: 503, code: 'no_route' });
    expect(error?.headers?.get('x-should-retry')).toBe('false');
    expect(Number(error?.headers?.get('retry-after'))).toBeGreaterThan(0);
    const { entries } = await governor.ledger.entries();
    const refused = entries.at(-1);
    expect(refused).toMatchObject({ kind: 'refused', decision: { reasonCode: 'x_no_route' } });
    expect(refused?.decision.routing?.candidates.map(({ reason }) => reason).join(' ')).toMatch(
      /breaker.*throttled/,
    );
  });
});

describe('keys of a pool', () => {
  it('are rotated under load without a failed call, and spend stays on their ids', async () => {
    let valid = new Set(['Bearer sk-a-0', 'Bearer sk-b-0']);
    const server = createServer((request, response) => {
      const known = valid.has(String(request.headers.authorization));
      request.resume().on('end', () => {
        // The key is looked at when the request comes, and again when its answer goes out: it may be revoked between.
        const good = known && valid.has(String(request.headers.authorization));
        response.writeHead(good ? 200 : 401, { 'content-type': 'application/json' });
        response.end(good ? answer : '{"error":{"code":"invalid_api_key"}}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    setUp({ routing: { routes: [] } });
    const bare = new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: 'none' });
    const pooled = governor.wrap(bare, { provider: openai });
    governor.router.keys.register({ id: 'a', provider: 'openai', secret: 'sk-a-0' });
    governor.router.keys.register({ id: 'b', provider: 'openai', secret: 'sk-b-0' });

    const calls: Promise<unknown>[] = [];
    for (let round = 1; round <= 5; round += 1) {
      for (let call = 0; call < 30; call += 1) calls.push(pooled.chat.completions.create(question));
      await Promise.race(calls.slice(-30));
      valid = new Set([`Bearer sk-a-${round}`, `Bearer sk-b-${round}`]);
      governor.router.keys.rotate('a', `sk-a-${round}`);
      governor.router.keys.rotate('b', `sk-b-${round}`);
    }
    const ended = await Promise.allSettled(calls);
    server.close();
    expect(ended.filter(({ status }) => status === 'rejected')).toEqual([]);
    const { entries } = await governor.ledger.entries({ pageSize: 1_000 });
    expect(entries.some(({ status }) => status === 401)).toBe(true);
    expect(new Set(entries.map(({ providerKeyId }) => providerKeyId))).toEqual(new Set(['a', 'b']));
    expect(governor.router.keys.list().map(({ state }) => state)).toEqual(['available', 'available']);
    expect(JSON.stringify([entries, governor.router.state(), governor.router.keys.list()])).not.toMatch(
      /sk-[ab]-/,
    );
  });
});

describe('governor.on', () => {
  it('tells of a key that the provider refuses, and of a place that opens and closes', async () => {
    setUp({ routing: { routes: [], breaker: { failures: 1, openMs: 1 }, maxAttempts: 2 } });
    const told: string[] = [];
    governor.on((event) => {
      if (event.kind === 'key') told.push(`${event.provider}/${event.keyId} ${event.toState}`);
      if (event.kind === 'breaker') told.push(`${event.of} ${event.id} ${event.state}`);
    });
    governor.router.keys.register({ id: 'stale', provider: 'openai', secret: 'sk-stale' });
    expect((await ask(false)).error?.status).toBe(401);
    expect(told.splice(0)).toContain('openai/stale invalid');

    governor.router.keys.register({ id: 'fresh', provider: 'openai', secret: first.apiKey });
    first.setReply({ status: 500 });
    await ask(false);
    expect(told).toContain('provider openai open');
    expect(told).toContain('target openai/gpt-4o-mini open');
    first.setReply({ text: 'back' });
    await expect.poll(async () => (await ask(false)).text).toBe('back');
    expect(told).toContain('provider openai closed');
    expect(told.at(-1)).not.toMatch(/open$/);
  });
});

const answer = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o-mini',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Noon.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 },
});
