import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkConfig } from '../src/config.ts';
import { type ProxyUnderTest, proxyUnderTest, virtualKey } from './running-proxy.ts';

let under: ProxyUnderTest;

beforeAll(async () => {
  under = await proxyUnderTest({ limits: [{ id: 'search-monthly', amount: '10', window: 'month' }] });
});
beforeEach(() => under.upstream.reset());
afterAll(() => under.close());

const question = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'What time is it?' }],
  max_completion_tokens: 50,
};

describe('a proxy', () => {
  it('says on each answer who it is, what it cost and what is left', async () => {
    under.upstream.setReply({ usage: { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 } });
    const { response } = await under.client.chat.completions.create(question).withResponse();
    expect(response.headers.get('x-genops-request-id')).toMatch(/^op_/);
    expect(response.headers.get('x-genops-cost')).toBe('0.000045');
    expect(response.headers.get('x-genops-budget-id')).toBe('search-monthly');
    expect(response.headers.get('x-genops-budget-remaining')).toBe('9.999955');
    expect(response.headers.get('x-genops-budget-resets-at')).toMatch(/-01T00:00:00/);
  });

  it('says on a stream who it is and what is left while it is held', async () => {
    const { data, response } = await under.client.chat.completions
      .create({ ...question, stream: true })
      .withResponse();
    expect(response.headers.get('x-genops-request-id')).toMatch(/^op_/);
    expect(Number(response.headers.get('x-genops-budget-remaining'))).toBeLessThan(10);
    for await (const _ of data) {
      // To the end.
    }
  });

  it('lists the models that it prices', async () => {
    const models = (await under.client.models.list()).data.map((model) => model.id);
    expect(models).toContain('gpt-4o-mini');
    expect(models.length).toBeGreaterThan(20);
  });

  it('is alive and ready without a key', async () => {
    const health = await fetch(`${under.proxy.url}/health`);
    const ready = await fetch(`${under.proxy.url}/ready`);
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'ready', ledger: 'ok', accepting: true, configuration: 'current' },
    ]);
  });

  it('takes the key of Anthropic’s clients as well', async () => {
    const response = await fetch(`${under.proxy.url}/v1/models`, { headers: { 'x-api-key': virtualKey } });
    expect(response.status).toBe(200);
  });

  it('settles what a client abandons, whatever it had seen', async () => {
    const before = (await under.proxy.governor.ledger.entries({ pageSize: 1000 })).entries.length;
    under.upstream.setReply({ chunks: 30, chunkDelayMs: 2 });
    const counts = [0, 1, 3, 10];
    for (const count of counts) {
      const stream = await under.client.chat.completions.create({ ...question, stream: true });
      let seen = 0;
      if (count === 0) stream.controller.abort();
      else for await (const _ of stream) if (++seen >= count) break;
    }
    const entries = async () =>
      (await under.proxy.governor.ledger.entries({ pageSize: 1000 })).entries.slice(before);
    await expect.poll(async () => (await entries()).length).toBe(counts.length);
    for (const entry of await entries()) {
      expect(entry).toMatchObject({ kind: 'settled', outcome: 'cancelled', cost: { basis: 'estimated' } });
      expect(entry.usage?.inputTokens).toBeGreaterThan(0);
    }
  });

  it('passes a slow reader’s pace on to the provider', async () => {
    under.upstream.setReply({ chunks: 60_000 });
    const response = await fetch(`${under.proxy.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${virtualKey}` },
      body: JSON.stringify({ ...question, stream: true, max_completion_tokens: 60_000 }),
    });
    const reader = response.body?.getReader();
    await reader?.read();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(under.upstream.requests[0]?.pieces).toBeLessThan(60_000);
    let bytes = 0;
    for (;;) {
      const part = await reader?.read();
      if (part === undefined || part.done) break;
      bytes += part.value.byteLength;
    }
    expect(bytes).toBeGreaterThan(1_000_000);
    expect(under.upstream.requests[0]?.pieces).toBeGreaterThan(60_000);
  });

  it('finishes what is under way when it is told to stop', async () => {
    const own = await proxyUnderTest();
    own.upstream.setReply({ chunks: 20, chunkDelayMs: 10 });
    const stream = await own.client.chat.completions.create({ ...question, stream: true });
    const closing = own.proxy.close();
    let chunks = 0;
    for await (const _ of stream) chunks += 1;
    expect(chunks).toBeGreaterThan(15);
    await closing;
    await expect(fetch(`${own.proxy.url}/health`)).rejects.toThrow();
    await own.close();
  });
});

describe('a proxy in front of a provider that is gone', () => {
  it('answers 502 and holds nothing', async () => {
    const own = await proxyUnderTest({
      providers: [{ type: 'openai', baseUrl: 'http://127.0.0.1:1/v1', apiKey: 'env:UPSTREAM_KEY' }],
      limits: [{ id: 'cap', amount: '1', window: 'lifetime' }],
    });
    const failure = await own.client.chat.completions.create(question).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OpenAI.InternalServerError);
    expect(failure).toMatchObject({ status: 502, code: 'provider_unreachable' });
    const [state] = await own.proxy.governor.ledger.states(
      own.proxy.governor.policy.limits.map((limit) => ({ limit, bucket: '' })),
    );
    expect(state).toMatchObject({ held: '0', settled: '0' });
    await own.close();
  });
});

describe('a proxy whose configuration is replaced', () => {
  it('still knows which keys are out, and goes back when it is told to', async () => {
    const configuration = (limit: string, secret: string) => (upstream: { readonly url: string }) => ({
      server: { port: 0 },
      providers: [
        {
          type: 'openai',
          baseUrl: `${upstream.url}/v1`,
          keys: [
            { id: 'bad', secret },
            { id: 'good', secret: 'env:UPSTREAM_KEY' },
          ],
        },
      ],
      virtualKeys: [{ id: 'search', secret: 'env:VIRTUAL_KEY' }],
      limits: [{ id: limit, amount: '10', window: 'month' }],
    });
    const own = await proxyUnderTest(configuration('first', 'env:BAD_KEY'), {
      BAD_KEY: 'sk-not-the-one',
      OTHER_KEY: 'sk-another-one',
    });
    const replace = (limit: string, secret: string) => {
      const config = checkConfig(configuration(limit, secret)(own.upstream));
      return own.proxy.configurations.replace(async () => ({ config }));
    };
    const ask = async (): Promise<string | null> => {
      const { response } = await own.client.chat.completions.create(question).withResponse();
      return response.headers.get('x-genops-budget-id');
    };
    const out = (): unknown => own.proxy.governor.router.state().keys.find(({ id }) => id === 'bad')?.state;
    for (let call = 0; out() !== 'invalid' && call < 20; call += 1) await ask();
    expect(out()).toBe('invalid');

    const before = own.proxy.governor;
    expect(await replace('second', 'env:BAD_KEY')).toMatchObject({ version: 2 });
    expect(own.proxy.governor).not.toBe(before);
    expect(out()).toBe('invalid');
    expect(await ask()).toBe('second');
    expect(await own.proxy.configurations.rollBack()).toMatchObject({ version: 3 });
    expect(await ask()).toBe('first');
    expect(out()).toBe('invalid');
    await replace('third', 'env:OTHER_KEY');
    expect(out()).not.toBe('invalid');
    expect((await own.proxy.governor.ledger.entries()).entries.length).toBeGreaterThan(2);
    await own.close();
  });
});
