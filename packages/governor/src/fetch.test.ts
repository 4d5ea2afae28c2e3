import { withBaseUrl } from '@genops/core';
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
