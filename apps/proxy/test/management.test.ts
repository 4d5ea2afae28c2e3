import { afterEach, describe, expect, it } from 'vitest';
import { createAdmin } from '../src/management/admin.ts';
import { type ProxyUnderTest, proxyUnderTest, virtualKey } from './running-proxy.ts';

const adminKey = 'ga-test-0123456789abcdef';
const secrets = { KEY_ONE: 'sk-one-secret', KEY_TWO: 'sk-two-secret', ADMIN_KEY: adminKey };
let under: ProxyUnderTest;

afterEach(async () => {
  await under.close();
});

function start(more: Record<string, unknown> = {}): Promise<ProxyUnderTest> {
  return proxyUnderTest(
    (upstream) => ({
      admin: { secret: 'env:ADMIN_KEY' },
      providers: [
        {
          type: 'openai',
          baseUrl: `${upstream.url}/v1`,
          keys: [
            // Drawn only when the other one cannot be.
            { id: 'one', secret: 'env:UPSTREAM_KEY', account: 'main', weight: 1e-9 },
            { id: 'two', secret: 'env:KEY_TWO', account: 'other' },
          ],
        },
      ],
      limits: [
        { id: 'daily', amount: '10', window: 'day' },
        { id: 'each', unit: 'requests', amount: '5', window: 'day', scope: { per: ['customerId'] } },
      ],
      rules: [{ id: 'no-opus', effect: 'deny', when: { model: 'claude-opus*' } }],
      ...more,
    }),
    secrets,
  );
}

async function manage(
  path: string,
  { method = 'GET', body, key = adminKey }: { method?: string; body?: unknown; key?: string | null } = {},
) {
  const response = await fetch(`${under.proxy.url}/api/v1/${path}`, {
    method,
    headers: key === null ? {} : { authorization: `Bearer ${key}` },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  for (const secret of [...Object.values(secrets), virtualKey, under.upstream.apiKey])
    expect(text).not.toContain(secret);
  return {
    status: response.status,
    headers: response.headers,
    json: text === '' ? undefined : JSON.parse(text),
  };
}

describe('the management API', () => {
  it('is not there unless it is configured, and takes no virtual key', async () => {
    under = await proxyUnderTest();
    expect((await manage('keys', { key: virtualKey })).status).toBe(404);
    await under.close();
    under = await start();
    expect((await manage('keys', { key: virtualKey })).status).toBe(401);
    expect((await manage('keys', { key: null })).status).toBe(401);
    expect((await manage('keys')).status).toBe(200);
    const call = await fetch(`${under.proxy.url}/v1/models`, {
      headers: { authorization: `Bearer ${adminKey}` },
    });
    expect(call.status).toBe(401);
  });

  it('makes an address wait after too many wrong keys, the right one included', async () => {
    under = await start({ admin: { secret: 'env:ADMIN_KEY', maxFailuresPerMinute: 2 } });
    for (let attempt = 0; attempt < 2; attempt += 1)
      expect((await manage('keys', { key: 'wrong-wrong-wrong' })).status).toBe(401);
    const locked = await manage('keys');
    expect(locked.status).toBe(429);
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0);
    // Callers are not administrators: nobody locks them out.
    expect((await under.client.models.list()).data.length).toBeGreaterThan(0);
  });

  it('lists keys page by page, and one by one, with what they did', async () => {
    under = await start();
    const first = await manage('keys?limit=1');
    expect(first.json).toMatchObject({ keys: [{ id: 'one', provider_id: 'openai', state: 'available' }] });
    const second = await manage(`keys?limit=1&cursor=${first.json.next_cursor}`);
    expect(second.json).toMatchObject({ keys: [{ id: 'two' }], next_cursor: null });
    await manage('keys/two', { method: 'DELETE' });
    await under.client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'x' }],
    });
    expect((await manage('keys/one')).json).toMatchObject({
      usage_count: 1,
      failure_count: 0,
      material_version: 1,
    });
    expect((await manage('keys/none')).status).toBe(404);
    expect((await manage('keys?limit=0')).status).toBe(400);
  });

  it('takes a key out at once, notes it, and puts it back', async () => {
    under = await start();
    expect((await manage('keys/one', { method: 'DELETE' })).status).toBe(204);
    expect((await manage('keys/one', { method: 'DELETE' })).status).toBe(204);
    expect((await manage('keys/two', { method: 'DELETE' })).status).toBe(204);
    const ask = () =>
      under.post(JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'x' }] }));
    expect((await ask()).status).toBeGreaterThanOrEqual(400);
    expect(
      (await manage('keys/one/state', { method: 'PUT', body: { state: 'available' } })).json,
    ).toMatchObject({
      state: 'available',
    });
    expect((await ask()).status).toBe(200);
    expect((await manage('keys/one/audit')).json.state_transitions).toMatchObject([
      { fromState: 'disabled', toState: 'available' },
      { fromState: 'available', toState: 'disabled' },
    ]);
    expect((await manage('state')).json).toMatchObject({
      accepting: true,
      keys: { total: 2, by_state: { available: 1, disabled: 1 } },
    });
  });

  it('refuses what may not follow', async () => {
    under = await start();
    await manage('keys/one', { method: 'DELETE' });
    const wrong = await manage('keys/one/state', { method: 'PUT', body: { state: 'throttled' } });
    expect(wrong).toMatchObject({ status: 409, json: { error: { code: 'conflict' } } });
  });

  it('registers a key once however often it is sent, and refuses another one of that name', async () => {
    under = await start();
    const body = {
      id: 'three',
      provider_id: 'openai',
      secret: 'sk-three-secret',
      metadata: { team: 'search' },
    };
    const register = (more = {}) => manage('keys', { method: 'POST', body: { ...body, ...more } });
    const first = await register();
    expect(first).toMatchObject({ status: 201, json: { id: 'three', metadata: { team: 'search' } } });
    expect(JSON.stringify(first.json)).not.toContain(body.secret);
    expect((await register()).status).toBe(200);
    expect((await register({ secret: 'sk-other-secret' })).status).toBe(409);
    expect((await register({ id: 'four' })).status).toBe(409);
    expect((await register({ id: 'five', provider_id: 'acme' })).status).toBe(400);
    expect((await manage('keys')).json.keys).toHaveLength(3);
  });

  it('rotates a key, and calls go out with the new one', async () => {
    under = await start();
    await manage('keys/one', { method: 'DELETE' });
    const rotated = await manage('keys/two/rotation', {
      method: 'POST',
      body: { secret: 'sk-rotated-secret' },
    });
    expect(rotated.json).toMatchObject({ id: 'two', material_version: 2 });
    await under.post(JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'x' }] }));
    expect(under.upstream.requests[0]?.headers['authorization']).toBe('Bearer sk-rotated-secret');
  });

  it('shows providers, policies and budgets, and says where they are changed', async () => {
    under = await start();
    expect((await manage('providers')).json.providers).toMatchObject([
      { id: 'openai', name: 'OpenAI', health_state: 'healthy', key_count: 2 },
    ]);
    expect((await manage('policies')).json.policies).toMatchObject([
      { id: 'no-opus', effect: 'deny', enabled: true, when: { model: ['claude-opus*'] } },
    ]);
    expect((await manage('budgets')).json.budgets).toMatchObject([
      { id: 'daily', limit: '10', spent: '0', remaining: '10', currency: 'USD' },
      { id: 'each', unit: 'requests', spent: null },
    ]);
    const written = await manage('budgets', { method: 'POST', body: {} });
    expect(written).toMatchObject({
      status: 405,
      json: { error: { message: expect.stringContaining('genops budget set') } },
    });
  });

  it('traces requests: attempts, decisions and what became of their keys', async () => {
    under = await start();
    under.upstream.addRule({
      when: { headers: { authorization: `Bearer ${secrets.KEY_TWO}` } },
      reply: { status: 401, error: { message: 'no such key' } },
    });
    for (let call = 0; call < 3; call += 1)
      await under.post(
        JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'secret prompt' }] }),
      );
    const { json } = await manage('requests?limit=2');
    expect(json.requests).toHaveLength(2);
    expect(json.next_cursor).toEqual(expect.any(String));
    const all = (await manage('requests?limit=100&team=search')).json.requests as {
      request_id: string;
      status: number;
    }[];
    const failed = all.find(({ status }) => status === 401);
    expect(failed).toBeDefined();
    const trace = (await manage(`requests/${failed?.request_id}`)).json;
    expect(trace.attempts).toMatchObject([
      { status: 401, providerKeyId: 'two', decision: { routing: { candidates: expect.any(Array) } } },
      { status: 200, providerKeyId: 'one' },
    ]);
    expect(trace.state_transitions).toMatchObject([{ entityId: 'two', toState: 'invalid' }]);
    expect(JSON.stringify(trace)).not.toContain('secret prompt');
    expect((await manage('requests/none')).status).toBe(404);
    expect((await manage('requests?cursor=nonsense')).status).toBe(400);
  });

  it.each([
    ['not JSON', '{', 400],
    ['nothing', '', 400],
    ['an unknown field', { id: 'x', provider_id: 'openai', secret: 'sk-12345678', admin: true }, 400],
    ['an id that is none', { id: '../x', provider_id: 'openai', secret: 'sk-12345678' }, 400],
    ['too much', `"${'x'.repeat(70_000)}"`, 413],
  ])('refuses %s', async (_, body, status) => {
    under = await start();
    expect((await manage('keys', { method: 'POST', body })).status).toBe(status);
    expect((await manage('keys')).status).toBe(200);
  });

  it('refuses paths that are not there, and paths that cannot be read', async () => {
    under = await start();
    expect((await manage('keys/one/two/three')).status).toBe(404);
    expect((await manage('secrets')).status).toBe(404);
    expect((await manage('keys/%E0%A4%A')).status).toBe(400);
  });
});

describe('createAdmin', () => {
  it('refuses a key that is missing, short, or also a virtual key', async () => {
    under = await proxyUnderTest();
    const make = (secret: string | undefined, isVirtual = false) =>
      createAdmin({ secret: 'env:A', maxFailuresPerMinute: 5 }, { A: secret }, () =>
        isVirtual ? { id: 'web', attribution: {} } : undefined,
      );
    expect(() => make(undefined)).toThrow(/admin.secret: .*A is not set/);
    expect(() => make('short')).toThrow(/at least 16/);
    expect(() => make(adminKey, true)).toThrow(/another key than any virtual key/);
  });
});
