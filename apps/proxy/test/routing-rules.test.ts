import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LedgerEntry } from '@genops/core';
import { type FakeUpstream, type Reply, startFakeUpstream } from '@genops/testing';
import type OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ProxyUnderTest, proxyUnderTest, virtualKey } from './running-proxy.ts';

let second: FakeUpstream;
let under: ProxyUnderTest | undefined;

beforeAll(async () => {
  second = await startFakeUpstream({ apiKey: 'sk-second' });
});
afterEach(async () => {
  await under?.close();
  under = undefined;
  second.reset();
});
afterAll(() => second.close());

type Rules = Readonly<Record<string, unknown>>;

/**
 * Two providers that speak alike and sell the same model: calls go to `openai` first unless the rules say
 * otherwise.
 */
async function proxy(routing: Rules = {}, route: Rules = {}, more: Rules = {}): Promise<ProxyUnderTest> {
  const { targets = [{}, {}], ...others } = route as { readonly targets?: readonly Rules[] };
  under = await proxyUnderTest(
    (upstream) => ({
      providers: [
        { type: 'openai', baseUrl: `${upstream.url}/v1`, apiKey: 'env:UPSTREAM_KEY' },
        { type: 'openrouter', baseUrl: `${second.url}/v1`, apiKey: 'env:SECOND_KEY' },
      ],
      routing: {
        strategy: 'failover',
        ...routing,
        routes: [
          {
            models: ['gpt-4o-mini'],
            targets: [
              { provider: 'openai', ...targets[0] },
              { provider: 'openrouter', model: 'openai/gpt-4o-mini', ...targets[1] },
            ],
            ...others,
          },
        ],
      },
      ...more,
    }),
    { SECOND_KEY: 'sk-second' },
  );
  return under;
}

const question = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'Hi' }],
  max_tokens: 20,
};

async function ask(
  headers: Record<string, string> = {},
): Promise<{ status: number; code?: string; message: string }> {
  const { client } = under as ProxyUnderTest;
  try {
    await client.chat.completions.create(question, { headers });
    return { status: 200, message: '' };
  } catch (error) {
    const { status, code, message } = error as InstanceType<typeof OpenAI.APIError>;
    return { status: status ?? 0, message, ...(code != null && { code }) };
  }
}

async function entries(): Promise<readonly LedgerEntry[]> {
  const { proxy: running } = under as ProxyUnderTest;
  return (await running.governor.ledger.entries({ pageSize: 1_000 })).entries;
}
const served = async () => (await entries()).map(({ provider, status }) => `${provider} ${status ?? 'none'}`);
const reasons = async () =>
  (await entries())
    .at(-1)
    ?.decision.routing?.candidates.map(({ reason }) => reason)
    .join('\n') ?? '';
const firstFails = (reply: Reply) => (under as ProxyUnderTest).upstream.setReply(reply);

describe('routing.constraints of genops.yaml', () => {
  it.each<[string, Rules, readonly Rules[], string]>([
    [
      'providers that are allowed',
      { allowedProviders: ['openrouter'] },
      [],
      'provider "openai" is not allowed',
    ],
    ['providers that are blocked', { blockedProviders: ['openai'] }, [], 'provider "openai" is blocked'],
    ['models that are allowed', { allowedModels: ['openai/*'] }, [], 'model "gpt-4o-mini" is not allowed'],
    ['models that are blocked', { blockedModels: ['gpt-*'] }, [], 'model "gpt-4o-mini" is blocked'],
    ['regions', { regions: ['eu'] }, [{ region: 'us' }, { region: 'eu' }], 'region us; allowed are eu'],
    ['tiers', { tiers: ['premium'] }, [{}, { tier: 'premium' }], 'tier not known; allowed are premium'],
    ['retention', { zeroRetention: true }, [{}, { zeroRetention: true }], 'may keep what it is sent'],
    [
      'capabilities',
      { capabilities: ['tools'] },
      [{ capabilities: ['vision'] }, { capabilities: ['tools'] }],
      'not known to do tools',
    ],
    [
      'context',
      { minContextTokens: 100_000 },
      [{ contextTokens: 8_000 }, { contextTokens: 128_000 }],
      'context of 8000; at least 100000 tokens asked for',
    ],
    [
      'quality',
      { minQuality: 0.5 },
      [{ quality: 0.4 }, { quality: 0.9 }],
      'quality 0.4; at least 0.5 asked for',
    ],
  ])('rules out by %s, of all calls and of one route', async (_, constraints, targets, reason) => {
    for (const [routing, route] of [
      [{ constraints }, { targets }],
      [{}, { constraints, targets }],
    ] as const) {
      await proxy(routing, targets.length === 0 ? { ...route, targets: undefined } : route);
      expect((await ask()).status).toBe(200);
      expect(await served()).toEqual(['openrouter 200']);
      expect(await reasons()).toContain(reason);
      await under?.close();
      under = undefined;
      second.reset();
    }
  });

  it('refuses a call that no place may serve, with every reason, and sends nothing', async () => {
    await proxy({ constraints: { maxCost: '0.0000001' } });
    expect(await ask()).toMatchObject({ status: 503, code: 'no_route' });
    expect((await reasons()).match(/costs .* USD; at most 0\.0000001 USD allowed/g)).toHaveLength(2);
    expect((under as ProxyUnderTest).upstream.requests).toHaveLength(0);
    const [entry] = await entries();
    expect(entry).toMatchObject({ kind: 'refused', decision: { reasonCode: 'x_no_route' } });
    expect(
      (under as ProxyUnderTest).proxy.governor.router.replay(entry?.decision.routing as never).same,
    ).toBe(true);
  });

  it.each([
    ['tools', { tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] }],
    ['json_schema', { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: {} } } }],
    [
      'vision',
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://a.example/b.png' } }] },
        ],
      },
    ],
  ])('a call that needs %s does not go where that is known to be missing', async (need, body) => {
    await proxy({}, { targets: [{ capabilities: ['streaming'] }, {}] });
    const response = await (under as ProxyUnderTest).post(JSON.stringify({ ...question, ...body }));
    expect(response.status).toBe(200);
    await response.arrayBuffer();
    expect(await served()).toEqual(['openrouter 200']);
    expect(await reasons()).toContain(`cannot do ${need}`);
  });

  it('go by what was measured: success and latency', async () => {
    await proxy({ constraints: { minSuccessRate: 0.9 }, priors: { success: 0.92 } });
    firstFails({ status: 500 });
    await ask();
    expect(await served()).toEqual(['openai 500', 'openai 500', 'openrouter 200']);
    await ask();
    expect(await reasons()).toMatch(/success rate 0\.\d+; at least 0\.9 asked for/);
    expect((await served()).slice(3)).toEqual(['openrouter 200']);
    await under?.close();
    await proxy({ constraints: { maxLatencyMs: 100 }, priors: { latencyMs: 5_000 } });
    expect((await ask()).message).toContain('answers in 5000 ms; at most 100 ms asked for');
  });
});

describe('the order of places in genops.yaml', () => {
  it('goes by weights, of all calls or of one route', async () => {
    const targets = [{ quality: 0.1 }, { quality: 0.9 }];
    await proxy({ strategy: undefined, weights: { quality: 1 } }, { targets });
    await ask();
    expect(await served()).toEqual(['openrouter 200']);
    await under?.close();
    await proxy({}, { targets, weights: { quality: 2 } });
    await ask();
    expect(await served()).toEqual(['openrouter 200']);
    expect(await reasons()).toContain('weighted: quality 0.9 (configured)');
  });

  it('goes by the quality that is configured by model', async () => {
    await proxy({ strategy: 'quality', quality: { models: { 'openrouter/*': 0.8 } } });
    await ask();
    expect(await served()).toEqual(['openrouter 200']);
    expect(await reasons()).toContain('quality 0.036 (aider polyglot, 2024-12-21)');
  });

  it('goes by priors until something is measured', async () => {
    await proxy({ strategy: 'latency', priors: { latencyMs: 7_000 } });
    await ask();
    expect(await reasons()).toContain('answer in 7000 ms');
  });
});

describe('quotas of keys in genops.yaml', () => {
  const keyed = (upstream: FakeUpstream, more: Rules = {}) => ({
    providers: [
      {
        type: 'openai',
        baseUrl: `${upstream.url}/v1`,
        keys: [
          { id: 'a', secret: 'env:UPSTREAM_KEY', account: 'acme', quotas: [{ limit: 2, window: 'day' }] },
          { id: 'b', secret: 'env:KEY_B', account: 'acme' },
        ],
        accounts: { acme: { quotas: [{ unit: 'tokens', limit: 1_000_000, window: 'month' }] } },
        ...more,
      },
    ],
  });

  it('bind per key', async () => {
    under = await proxyUnderTest((upstream) => keyed(upstream), { KEY_B: 'sk-b-is-not-known-there' });
    for (let call = 0; call < 4; call += 1) await ask();
    const byKey = (await entries())
      .filter(({ status }) => status === 200)
      .map(({ providerKeyId }) => providerKeyId);
    expect(byKey).toEqual(['a', 'a']);
    const { router } = under.proxy.governor;
    expect(router.keys.quotaState('a')).toMatchObject({ state: 'exhausted' });
    expect(router.keys.quotaState('a').windows).toHaveLength(2);
    expect((await entries()).at(-1)?.decision.routing?.keys).toEqual({
      'openai/gpt-4o-mini': { usable: 0, resting: { quota_exhausted: 1, invalid: 1 } },
    });
  });

  it('bind all keys of an account, in several windows and units, and say when to come back', async () => {
    const quotas = [
      { limit: 100, window: 'minute' },
      { limit: 3, window: { seconds: 3600 } },
    ];
    under = await proxyUnderTest((upstream) => keyed(upstream, { accounts: { acme: { quotas } } }), {
      KEY_B: 'sk-b-is-not-known-there',
    });
    // One of the three is used up by the key that is not known there.
    for (let call = 0; call < 3; call += 1) await ask();
    const refused = await ask();
    expect(refused).toMatchObject({ status: 503, code: 'no_route' });
    expect((await entries()).filter(({ status }) => status !== undefined)).toHaveLength(3);
  });
});

describe('an experiment in genops.yaml', () => {
  it('sends its shares to its places, the same session always to the same one', async () => {
    await proxy({ sticky: false }, { split: 'canary', targets: [{ share: 0.7 }, { share: 0.3 }] });
    const by = new Map<string, Set<string>>();
    for (let call = 0; call < 60; call += 1) await ask({ 'x-genops-session-id': `s${call % 30}` });
    for (const { attribution, provider } of await entries()) {
      const session = attribution.sessionId as string;
      by.set(session, (by.get(session) ?? new Set()).add(provider));
    }
    expect([...by.values()].every(({ size }) => size === 1)).toBe(true);
    const canaries = [...by.values()].filter((providers) => providers.has('openrouter')).length;
    expect(canaries).toBeGreaterThan(2);
    expect(canaries).toBeLessThan(20);
  });
});

describe('a mirror in genops.yaml', () => {
  it('gets a copy that the caller does not wait for, with its own entry and cost', async () => {
    await proxy(
      {},
      {
        targets: [{}, {}],
        mirror: { name: 'try', target: { provider: 'openrouter', model: 'openai/gpt-4o' }, share: 1 },
      },
    );
    second.setReply({
      delayMs: 2_000,
      usage: { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100, cost: 0.0036 },
    });
    const started = performance.now();
    expect((await ask()).status).toBe(200);
    expect(performance.now() - started).toBeLessThan(1_900);
    await expect.poll(async () => (await entries()).length, { timeout: 5_000 }).toBe(2);
    const [own, copy] = await entries();
    expect(own?.attribution.tags).toBeUndefined();
    expect(copy).toMatchObject({
      provider: 'openrouter',
      requestModel: 'openai/gpt-4o',
      attribution: { team: 'search', keyId: 'search', tags: { mirror: 'try' } },
      cost: { result: 'priced' },
      decision: { routing: { mirrorOf: own?.operationId } },
    });
    expect(JSON.stringify(second.requests[0]?.headers)).not.toContain(virtualKey);
  });
});

describe('sessions in genops.yaml', () => {
  const session = { 'x-genops-session-id': 'talk' };

  it.each([
    ['stay where they were served', {}, ['openai 503', 'openrouter 200', 'openrouter 200']],
    ['do not when the route says so', { sticky: false }, ['openai 503', 'openrouter 200', 'openai 200']],
  ])('%s', async (_, route, expected) => {
    await proxy({}, route);
    under?.upstream.addRule({ reply: { status: 503 }, times: 1 });
    await ask(session);
    await ask(session);
    expect(await served()).toEqual(expected);
  });
});

describe('what happens after failures, in genops.yaml', () => {
  it('a breaker opens after as many failures as it says', async () => {
    await proxy({ breaker: { failures: 1, openMs: 60_000 } });
    firstFails({ status: 503 });
    await ask();
    await ask();
    expect(await served()).toEqual(['openai 503', 'openrouter 200', 'openrouter 200']);
    expect(await reasons()).toContain('the breaker of provider "openai" is open until');
  });

  it('a retry budget of nothing tries nothing again', async () => {
    await proxy({ retryBudget: { reserve: 0 } });
    firstFails({ status: 503 });
    expect((await ask()).status).toBe(503);
    expect(await served()).toEqual(['openai 503']);
  });

  it.each([
    [{ maxAttempts: 1 }, ['openai 503']],
    [{}, ['openai 503', 'openrouter 200']],
  ])('a route has its own number of attempts: %j', async (route, expected) => {
    await proxy({}, route);
    firstFails({ status: 503 });
    await ask();
    expect(await served()).toEqual(expected);
  });

  it.each([
    ['elsewhere', ['openai none', 'openrouter 200']],
    ['stop', ['openai none']],
  ])('after no answer it goes on %s', async (whenUnanswered, expected) => {
    await proxy({}, { whenUnanswered, firstByteMs: 100 });
    firstFails({ fault: { kind: 'hang', after: 'request' } });
    await ask();
    expect(await served()).toEqual(expected);
  });

  it('a route says what a failure means there', async () => {
    const errorClasses = [{ id: 'teapot', when: { status: [418] }, next: 'next_provider' }];
    await proxy({}, { errorClasses });
    firstFails({ status: 418 });
    expect((await ask()).status).toBe(200);
    expect(await served()).toEqual(['openai 418', 'openrouter 200']);
    await under?.close();
    await proxy({ errorClasses: [{ id: 'final', when: { status: [503] }, next: 'stop' }] });
    firstFails({ status: 503 });
    expect((await ask()).status).toBe(503);
  });

  it('hedges a route that wants it', async () => {
    await proxy({}, { hedgeAfterMs: 50 });
    firstFails({ delayMs: 5_000 });
    expect((await ask()).status).toBe(200);
    expect((await entries()).map(({ provider, outcome }) => `${provider} ${outcome}`).sort()).toEqual([
      'openai cancelled',
      'openrouter completed',
    ]);
  });
});

describe('keys of the proxy', () => {
  it('are rotated under load without a failed call', async () => {
    let valid = new Set(['Bearer sk-a-0', 'Bearer sk-b-0']);
    const provider = createServer((request, response) => {
      const known = valid.has(String(request.headers.authorization));
      request.resume().on('end', () => {
        // Looked at when the request comes, and again when its answer goes out: it may be revoked between.
        const good = known && valid.has(String(request.headers.authorization));
        response.writeHead(good ? 200 : 401, { 'content-type': 'application/json' });
        response.end(good ? JSON.stringify(answer) : '{"error":{"code":"invalid_api_key"}}');
      });
    });
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
    const { port } = provider.address() as AddressInfo;
    under = await proxyUnderTest(
      {
        providers: [
          {
            type: 'openai',
            baseUrl: `http://127.0.0.1:${port}/v1`,
            keys: ['a', 'b'].map((id) => ({ id, secret: `env:KEY_${id.toUpperCase()}` })),
          },
        ],
      },
      { KEY_A: 'sk-a-0', KEY_B: 'sk-b-0' },
    );
    const { router } = under.proxy.governor;
    const calls: Promise<{ readonly status: number }>[] = [];
    for (let round = 1; round <= 5; round += 1) {
      for (let call = 0; call < 30; call += 1) calls.push(ask());
      await Promise.race(calls.slice(-30));
      valid = new Set([`Bearer sk-a-${round}`, `Bearer sk-b-${round}`]);
      for (const id of ['a', 'b']) router.keys.rotate(id, `sk-${id}-${round}`);
    }
    const ended = await Promise.all(calls);
    await new Promise((resolve) => provider.close(resolve));
    expect(ended.filter(({ status }) => status !== 200)).toEqual([]);
    const all = await entries();
    expect(all.some(({ status }) => status === 401)).toBe(true);
    expect(new Set(all.map(({ providerKeyId }) => providerKeyId))).toEqual(new Set(['a', 'b']));
    expect(router.keys.list().map(({ state, inFlight }) => `${state} ${inFlight}`)).toEqual(
      Array(2).fill('available 0'),
    );
    expect(JSON.stringify(all)).not.toMatch(/sk-[ab]-/);
  });

  it('give their slots back after a storm of cancels', async () => {
    under = await proxyUnderTest((upstream) => ({
      providers: [
        {
          type: 'openai',
          baseUrl: `${upstream.url}/v1`,
          keys: [{ id: 'a', secret: 'env:UPSTREAM_KEY', maxConcurrent: 200 }],
        },
      ],
      limits: [{ id: 'slots', unit: 'concurrency', amount: '200', window: 'lifetime' }],
    }));
    const { client, proxy: running, upstream } = under;
    upstream.setReply({ delayMs: 2_000 });
    const storm = Array.from({ length: 100 }, (_, call) => {
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 50 + (call % 20) * 10);
      return client.chat.completions.create(
        { ...question, stream: call % 2 === 0 },
        { signal: abort.signal },
      );
    });
    const ended = await Promise.allSettled(storm);
    expect(ended.every(({ status }) => status === 'rejected')).toBe(true);
    const { governor } = running;
    const limits = governor.policy.limits.map((limit) => ({ limit, bucket: '' }));
    await expect
      .poll(async () => (await governor.ledger.states(limits))[0]?.held, { timeout: 5_000 })
      .toBe('0');
    expect(governor.router.keys.list()[0]).toMatchObject({ state: 'available', inFlight: 0 });
    upstream.setReply({});
    expect((await ask()).status).toBe(200);
  });
});

const answer = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o-mini',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Noon.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 },
};
