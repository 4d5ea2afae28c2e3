import { readFile } from 'node:fs/promises';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkConfig, parseConfig } from '../src/config.ts';
import { type ProxyUnderTest, proxyUnderTest } from './running-proxy.ts';

let other: FakeUpstream;
let under: ProxyUnderTest;

beforeAll(async () => {
  other = await startFakeUpstream({ apiKey: 'sk-other' });
  under = await proxyUnderTest(
    (upstream) => ({
      providers: [
        {
          type: 'openai',
          baseUrl: `${upstream.url}/v1`,
          keys: [
            { id: 'good', secret: 'env:UPSTREAM_KEY' },
            { id: 'bad', secret: 'env:BAD_KEY' },
          ],
        },
        { type: 'anthropic', baseUrl: other.url, apiKey: 'env:OTHER_KEY', models: ['claude-*'] },
      ],
      routing: {
        strategy: 'failover',
        routes: [
          {
            models: ['gpt-4o-mini'],
            targets: [{ provider: 'openai' }, { provider: 'anthropic', model: 'claude-sonnet-4-6' }],
          },
        ],
      },
    }),
    { BAD_KEY: 'sk-bad', OTHER_KEY: 'sk-other' },
  );
});
beforeEach(() => {
  under.upstream.reset();
  other.reset();
});
afterAll(async () => {
  await under.close();
  await other.close();
});

const question = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'What time is it?' }],
  max_tokens: 50,
};

describe('a proxy with several keys and places', () => {
  it('serves every call by the key that is good, and puts the bad one aside', async () => {
    for (let call = 0; call < 20; call += 1) await under.client.chat.completions.create(question);
    const states = under.proxy.governor.router.keys.list().map(({ id, state }) => [id, state]);
    expect(states).toEqual([
      ['good', 'available'],
      ['bad', 'invalid'],
    ]);
    expect(under.upstream.requests.filter(({ status }) => status === 401)).toHaveLength(1);
  });

  it('serves a caller of OpenAI by Anthropic when OpenAI is down', async () => {
    under.upstream.setReply({ status: 503 });
    const { data, response } = await under.client.chat.completions.create(question).withResponse();
    expect(data.choices[0]?.message.content).toContain('fake answer');
    expect(Number(response.headers.get('x-genops-cost'))).toBeGreaterThan(0);
    expect(other.requests[0]?.headers['x-api-key']).toBe('sk-other');
    expect(JSON.stringify(other.requests[0]?.headers)).not.toContain('gk-test');
    const { entries } = await under.proxy.governor.ledger.entries({ pageSize: 1_000 });
    const operation = entries.filter(
      ({ operationId }) => operationId === response.headers.get('x-genops-request-id'),
    );
    expect(operation.map(({ provider, outcome }) => `${provider} ${outcome}`)).toEqual([
      'openai failed',
      'anthropic completed',
    ]);
    for (const { decision } of operation) expect(decision.routing?.candidates).toHaveLength(2);
  });
});

describe('the README', () => {
  it('shows a configuration that is one', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const [, yaml] = /```yaml\n(providers:[\s\S]*?)```/.exec(readme) ?? [];
    const config = parseConfig(`${yaml}virtualKeys: [{ id: a, secret: env:A }]\n`);
    expect(config.routing.routes[0]?.mirror?.target.model).toBe('claude-sonnet-4-6');
  });
});

describe('its routing', () => {
  const base = {
    providers: [{ type: 'openai', apiKey: 'env:A' }],
    virtualKeys: [{ id: 'a', secret: 'env:B' }],
  };

  const route = (more: object) => ({
    routing: { routes: [{ models: ['*'], targets: [{ provider: 'openai' }], ...more }] },
  });
  const keyed = (keys: readonly object[], more: object = {}) => ({
    providers: [{ type: 'openai', keys: keys.map((key) => ({ id: 'a', secret: 'env:A', ...key })), ...more }],
  });
  const twice = [
    { limit: 1, window: 'day' },
    { limit: 2, window: 'day' },
  ];
  it.each([
    ['routing.strategy', { routing: { strategy: 'enforced' } }],
    ['routing.weights', { routing: { strategy: 'cost', weights: { cost: 1 } } }],
    ['routing.weights', { routing: { weights: { cost: 0 } } }],
    ['routing.constraints.maxCost', { routing: { constraints: { maxCost: 'cheap' } } }],
    ['routing.constraints.maxCost', { routing: { constraints: { maxCost: '-1' } } }],
    ['routing.constraints.minSuccessRate', { routing: { constraints: { minSuccessRate: 95 } } }],
    ['routing.constraints.capabilities[0]', { routing: { constraints: { capabilities: ['magic'] } } }],
    ['routing.constraints.allowedProviders', { routing: { constraints: { allowedProviders: [] } } }],
    [
      'routing.constraints.allowedProviders[0]',
      { routing: { constraints: { allowedProviders: ['nobody'] } } },
    ],
    ['Unrecognized key: "region"', { routing: { constraints: { region: 'eu' } } }],
    ['routing.breaker.failures', { routing: { breaker: { failures: 0 } } }],
    ['routing.retryBudget.reserve', { routing: { retryBudget: { reserve: -1 } } }],
    ['routing.quality.models', { routing: { quality: { models: { a: 2 } } } }],
    ['routing.priors.success', { routing: { priors: { success: 1.5 } } }],
    ['routing.shared', { routing: { shared: { everyMs: 1 } } }],
    ['routing.errorClasses[0].when', { routing: { errorClasses: [{ id: 'x', when: {}, next: 'stop' }] } }],
    [
      'routing.errorClasses[0].next',
      { routing: { errorClasses: [{ id: 'x', when: { status: [418] }, next: 'home' }] } },
    ],
    ['routing.routes[0].targets', route({ targets: [] })],
    ['routing.routes[0].targets[0].provider', route({ targets: [{ provider: 'nobody' }] })],
    [
      'routing.routes[0].mirror.target.provider',
      route({ mirror: { name: 'm', target: { provider: 'nobody' } } }),
    ],
    [
      'routing.routes[0].mirror.share',
      route({ mirror: { name: 'm', target: { provider: 'openai' }, share: 2 } }),
    ],
    ['routing.routes[0].targets', route({ split: 'x' })],
    ['routing.routes[0].split', route({ targets: [{ provider: 'openai', share: 1 }] })],
    ['routing.routes[0].sticky', route({ sticky: true })],
    [
      'routing.routes[0].constraints.blockedProviders[0]',
      route({ constraints: { blockedProviders: ['x'] } }),
    ],
    ['providers[0].apiKey', keyed([{}], { apiKey: 'env:A' })],
    ['providers[0].keys[0].secret', keyed([{ secret: 'sk-plain' }])],
    ['providers[0].keys[0].quotas', keyed([{ quotas: twice }])],
    ['providers[0].keys[0].quotas[0].limit', keyed([{ quotas: [{ limit: 0, window: 'day' }] }])],
    ['providers[0].keys[0].quotas[0].window', keyed([{ quotas: [{ limit: 1, window: 'fortnight' }] }])],
    [
      'providers[0].accounts.acme',
      keyed([{}], { accounts: { acme: { quotas: [{ limit: 1, window: 'day' }] } } }),
    ],
  ])('refuses %s', (path, change) => {
    expect(() => checkConfig({ ...base, ...change })).toThrow(path);
  });
});
