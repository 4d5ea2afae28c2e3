import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProxyUnderTest, proxyUnderTest } from './running-proxy.ts';

let under: ProxyUnderTest;

beforeAll(async () => {
  under = await proxyUnderTest({ limits: [{ id: 'cap', amount: '10', window: 'lifetime' }] });
});
afterAll(() => under.close());

const messages = [{ role: 'user', content: 'Hi' }];

describe('a bad request', () => {
  it.each([
    ['no body', '', 400],
    ['text', 'hello', 400],
    ['an array', '[]', 400],
    ['half an object', '{"model":"gpt-4o-mini","messages":[', 400],
    ['no model', JSON.stringify({ messages }), 400],
    ['a model that is a number', JSON.stringify({ model: 7, messages }), 400],
    ['no messages', JSON.stringify({ model: 'gpt-4o-mini' }), 400],
    ['messages that are text', JSON.stringify({ model: 'gpt-4o-mini', messages: 'Hi' }), 400],
    [
      'the model twice',
      '{"model":"gpt-4o-mini","model":"gpt-4","messages":[{"role":"user","content":"x"}]}',
      400,
    ],
    ['a negative cap', JSON.stringify({ model: 'gpt-4o-mini', messages, max_tokens: -1 }), 400],
    [
      'an endless cap',
      '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"x"}],"max_tokens":1e400}',
      400,
    ],
    [
      'a cap that is text',
      JSON.stringify({ model: 'gpt-4o-mini', messages, max_completion_tokens: '5' }),
      400,
    ],
    ['half a choice', JSON.stringify({ model: 'gpt-4o-mini', messages, n: 0.5 }), 400],
    ['a stream that is text', JSON.stringify({ model: 'gpt-4o-mini', messages, stream: 'yes' }), 400],
    ['great depth', `{"model":"gpt-4o-mini","messages":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, 400],
    ['too many bytes', JSON.stringify({ model: 'gpt-4o-mini', messages, padding: 'x'.repeat(100_000) }), 413],
  ])('with %s is answered in the provider’s error shape and reaches nobody', async (_what, body, status) => {
    const response = await under.post(body);
    expect(response.status).toBe(status);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(await response.json()).toEqual({
      error: expect.objectContaining({
        message: expect.stringMatching(/\w{3}/),
        type: 'invalid_request_error',
        code: expect.any(String),
      }),
    });
    expect(under.upstream.requests).toHaveLength(0);
    expect((await under.proxy.governor.ledger.entries()).entries).toEqual([]);
  });

  it.each([
    ['no key', undefined],
    ['an unknown key', 'Bearer gk-not-a-key-at-all'],
    ['another scheme', 'Basic Z2stdGVzdA=='],
    ['an injected key', "Bearer x' OR '1'='1"],
    ['a prefix of a key', 'Bearer gk-test-0123456789abcde'],
  ])('with %s is not let in', async (_what, authorization) => {
    const response = await fetch(`${under.proxy.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'gpt-4o-mini', messages }),
      headers: authorization === undefined ? {} : { authorization },
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({
      error: { type: 'authentication_error', code: 'invalid_api_key' },
    });
    expect(under.upstream.requests).toHaveLength(0);
  });

  it('cannot claim another key’s identity', async () => {
    await under.post(JSON.stringify({ model: 'gpt-4o-mini', messages }), {
      'x-genops-team': 'finance',
      'x-genops-key-id': 'somebody',
      'x-genops-feature': 'kept',
    });
    const { entries } = await under.proxy.governor.ledger.entries();
    expect(entries.at(-1)?.attribution).toEqual({
      team: 'search',
      project: 'ranking',
      keyId: 'search',
      feature: 'kept',
    });
  });

  it('cannot send the provider’s key elsewhere', async () => {
    under.upstream.reset();
    await under.post(JSON.stringify({ model: 'gpt-4o-mini', messages, api_base: 'http://127.0.0.1:9/' }), {
      'openai-organization': 'org-attacker',
      'x-forwarded-host': 'attacker.example',
      host: 'a?x=',
    });
    const [request] = under.upstream.requests;
    expect(request?.headers['authorization']).toBe(`Bearer ${under.upstream.apiKey}`);
    expect(Object.keys(request?.headers ?? {}).sort()).toEqual(
      [
        'accept',
        'accept-encoding',
        'authorization',
        'connection',
        'content-length',
        'content-type',
        'host',
        'user-agent',
      ].sort(),
    );
  });

  it('for a path that nobody serves is refused', async () => {
    const headers = { authorization: `Bearer gk-test-0123456789abcdef` };
    for (const path of [
      '/v1/moderations',
      '/v1/../v1/chat',
      '/v2/chat/completions',
      '/',
      '/v1/chat/completions/',
    ]) {
      const response = await fetch(under.proxy.url + path, { method: 'POST', headers });
      expect(response.status).toBe(404);
    }
  });
});
