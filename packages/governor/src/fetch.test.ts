import { withBaseUrl } from '@genops/core';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createGovernor, type Governor, type GovernorOptions } from './index.ts';

let upstream: FakeUpstream;
const governors: Governor[] = [];

beforeAll(async () => {
  upstream = await startFakeUpstream();
});
afterAll(() => upstream.close());
afterEach(async () => {
  await Promise.all(governors.splice(0).map((governor) => governor.close()));
  upstream.reset();
});

function govern(options: Partial<GovernorOptions> = {}): Governor {
  const governor = createGovernor({
    providers: [withBaseUrl(openai, `${upstream.url}/v1`)],
    ...options,
  });
  governors.push(governor);
  return governor;
}

function ask(fetch: typeof globalThis.fetch): Promise<Response> {
  return fetch(`${upstream.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${upstream.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello?' }] }),
  });
}

async function recorded(governor: Governor): Promise<number> {
  return (await governor.ledger.entries()).entries.length;
}

describe('a governed fetch', () => {
  it('records a call once although the fetch behind it is governed too', async () => {
    const inner = govern();
    const outer = govern({ fetch: inner.fetch });
    expect((await ask(outer.fetch)).status).toBe(200);
    expect([await recorded(outer), await recorded(inner)]).toEqual([1, 0]);
    expect(upstream.requests).toHaveLength(1);
  });

  it('governs the next call of a program whose last one it has just sent', async () => {
    const governor = govern();
    await ask(governor.fetch);
    await ask(governor.fetch);
    expect(await recorded(governor)).toBe(2);
  });

  it('passes what it does not know exactly as it came', async () => {
    const seen: unknown[][] = [];
    const spy: typeof fetch = async (...call) => {
      seen.push(call);
      return new Response('ok');
    };
    const governor = govern({ fetch: spy, onUnknownRoute: 'pass' });
    const request = new Request('https://example.com/', { method: 'POST', body: 'x' });
    const url = new URL('https://example.com/v1/chat/completions');
    const init = { method: 'POST', body: 'y' };
    await governor.fetch(request);
    await governor.fetch(url, init);
    expect(seen).toHaveLength(2);
    expect(seen[0]?.[0]).toBe(request);
    expect(seen[1]?.[0]).toBe(url);
    expect(seen[1]?.[1]).toBe(init);
    expect(request.bodyUsed).toBe(false);
  });

  it('leaves it to fetch to refuse what is no URL', async () => {
    await expect(govern({ onUnknownRoute: 'pass' }).fetch('/relative')).rejects.toThrow(TypeError);
  });

  it('keeps the dispatcher that the caller chose', async () => {
    const dispatchers: unknown[] = [];
    const spy: typeof fetch = (input, init) => {
      dispatchers.push(init?.dispatcher);
      const { dispatcher: _, ...own } = init ?? {};
      return fetch(input, own);
    };
    const governor = govern({ fetch: spy });
    const chosen = { name: 'a proxy of my own' } as unknown as NonNullable<RequestInit['dispatcher']>;
    const response = await governor.fetch(`${upstream.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${upstream.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello?' }] }),
      dispatcher: chosen,
    });
    expect(response.status).toBe(200);
    expect(dispatchers).toEqual([chosen]);
  });

  it.each<[string, (url: string, init: RequestInit, text: string) => Parameters<typeof fetch>]>([
    ['text', (url, init, body) => [url, { ...init, body }]],
    ['bytes', (url, init, text) => [new URL(url), { ...init, body: Buffer.from(text) }]],
    ['a blob', (url, init, text) => [url, { ...init, body: new Blob([text]) }]],
    ['a stream', (url, init, text) => [url, { ...init, body: new Blob([text]).stream(), duplex: 'half' }]],
    ['a request', (url, init, body) => [new Request(url, { ...init, body })]],
    [
      'a request with another body',
      (url, init, body) => [new Request(url, { ...init, body: '{}' }), { body }],
    ],
  ])('sends on what it was given as %s', async (_, callWith) => {
    const governor = govern();
    const text = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Grüße?' }] });
    const headers = { authorization: `Bearer ${upstream.apiKey}`, 'content-type': 'application/json' };
    const response = await governor.fetch(
      ...callWith(`${upstream.url}/v1/chat/completions`, { method: 'POST', headers }, text),
    );
    expect(response.status).toBe(200);
    expect(upstream.requests[0]?.body.toString()).toBe(text);
    expect(upstream.requests[0]?.headers['content-type']).toBe('application/json');
    expect(await recorded(governor)).toBe(1);
  });

  it('sends the bytes that were there when it was called', async () => {
    const body = Buffer.from(
      JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] }),
    );
    const headers = { authorization: `Bearer ${upstream.apiKey}`, 'content-type': 'application/json' };
    const answer = govern().fetch(`${upstream.url}/v1/chat/completions`, { method: 'POST', headers, body });
    body.fill(0);
    await answer;
    expect(upstream.requests[0]?.json).toMatchObject({ model: 'gpt-4o-mini' });
  });

  it.each([
    [
      'a port that fetch keeps away from',
      'http://127.0.0.1:6000/v1',
      'sk-x',
      'port 6000: it is on the list of blocked',
    ],
    ['a key that no header can carry', 'http://127.0.0.1:9/v1', 'sk-\u{1F511}', 'look at keys and headers'],
    ['a scheme that is none of HTTP', 'ftp://127.0.0.1/v1', 'sk-x', 'is none of HTTP'],
  ])(
    'bills nothing for what never left because of %s, and says what to mend',
    async (_, baseUrl, secret, message) => {
      const errors: unknown[] = [];
      const place = withBaseUrl(openai, baseUrl);
      const governor = govern({
        providers: [place],
        policy: { limits: [{ id: 'cap', amount: '10', window: 'lifetime' }] },
        ledger: createMemoryLedger(),
        routing: {
          routes: [{ models: ['*'], targets: [{ provider: 'openai', apiKey: { id: 'own', secret } }] }],
        },
        onError: (error) => errors.push(error),
      });
      const answer = await governor.fetch(`${baseUrl}/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello?' }] }),
      });
      expect(answer.status).toBe(502);
      expect(answer.headers.get('x-should-retry')).toBe('false');
      const body = await answer.text();
      expect(JSON.parse(body)).toMatchObject({ error: { code: 'provider_misconfigured' } });
      expect(body).toContain(message);
      const { entries } = await governor.ledger.entries();
      expect(entries).toMatchObject([
        { kind: 'released', outcome: 'failed', cost: { total: { currency: 'USD' } } },
      ]);
      expect(entries[0]?.flags).toBeUndefined();
      expect(errors).toMatchObject([
        { code: 'invalid_configuration', message: expect.stringContaining(message) },
      ]);
      expect(body + String(errors[0])).not.toContain(secret);
    },
  );

  it('ends with the reason of the signal that its caller gave', async () => {
    upstream.holdResponses();
    const abort = new AbortController();
    const governor = govern();
    const answer = governor.fetch(`${upstream.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${upstream.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello?' }] }),
      signal: abort.signal,
    });
    await upstream.waitForHeld(1);
    abort.abort(new Error('changed my mind'));
    await expect(answer).rejects.toThrow('changed my mind');
    await expect.poll(() => recorded(governor)).toBe(1);
  });
});
