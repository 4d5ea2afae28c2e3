import { createGovernor, type Governor } from '@genops/governor';
import { helicone, instrumentHelicone } from '@genops/helicone';
import { openai } from '@genops/openai';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type AlertMessage,
  type Alerts,
  alertPresets,
  alertRulesOf,
  alertsConfigSchema,
  createAlerts,
  createCallbackChannel,
  createMemoryOutbox,
  createPagerDutyChannel,
  createSlackChannel,
  defineAlertRules,
  withThresholds,
} from '../src/index.ts';
import { createWatcher } from '../src/watch/watcher.ts';
import { refused, settled, threshold } from './entries.ts';
import { startReceiver } from './receiver.ts';

const start = Date.parse('2026-11-30T08:00:00Z');
const minute = 60_000;
const hour = 3_600_000;
const day = 86_400_000;

/** What a preset tells when `each` happens every so often from `fromMs` to `toMs`. */
function tellings(
  name: keyof typeof alertPresets,
  toMs: number,
  everyMs: number,
  each: (atMs: number) => readonly ReturnType<typeof refused>[],
): readonly string[] {
  const watcher = createWatcher(defineAlertRules(alertPresets[name]), start);
  const told: string[] = [];
  for (let nowMs = start; nowMs <= toMs; nowMs += everyMs) {
    for (const event of each(nowMs)) for (const { alert } of watcher.take(event, nowMs)) told.push(alert.key);
    for (const { alert, change } of watcher.evaluate(nowMs)) if (change === 'fired') told.push(alert.key);
  }
  return told;
}

const times = <Event>(count: number, make: (index: number) => Event): Event[] =>
  Array.from({ length: count }, (_, index) => make(index));

describe('SkyRouter: alert rules with channels slack, email and pagerduty', () => {
  it('budget at 80 %', () => {
    expect(tellings('skyrouter', start, minute, () => [threshold(80), threshold(80)])).toEqual([
      'budget-80{limit="search-daily",threshold="80"}',
    ]);
  });

  // The seed compares an hour with "the mean" and says of what; it is that of a day here, the hour included.
  it('an hour that cost more than 2.5 times the mean of the day', () => {
    const usual = (atMs: number) => [settled({ atMs, cost: atMs < start + day + hour ? '0.1' : '0.26' })];
    expect(tellings('skyrouter', start + day + hour, minute, usual)).toEqual([]);
    const dear = (atMs: number) => [settled({ atMs, cost: atMs < start + day + hour ? '0.1' : '0.5' })];
    expect(tellings('skyrouter', start + day + 2 * hour, minute, dear)).toEqual(['hourly-cost-spike']);
  });

  // The seed's score measures a table of multipliers; ours is cheapest ÷ chosen, of the same tokens.
  it('route efficiency below 0.7', () => {
    const routes = (efficiency: number) => (atMs: number) => times(10, () => settled({ atMs, efficiency }));
    expect(tellings('skyrouter', start, minute, routes(0.71))).toEqual([]);
    expect(tellings('skyrouter', start, minute, routes(0.69))).toEqual(['route-efficiency-low']);
  });

  it('more than 5 % errors of a model, of that model alone', () => {
    const calls = (atMs: number) => [
      ...times(20, (index) =>
        settled({ atMs, model: 'gpt-4o', outcome: index < 2 ? 'failed' : 'completed' }),
      ),
      ...times(20, () => settled({ atMs, model: 'gpt-4o-mini' })),
    ];
    expect(tellings('skyrouter', start, minute, calls)).toEqual(['model-errors{model="gpt-4o"}']);
  });

  it('reaches slack and pagerduty, each what it is for', async () => {
    const receiver = await startReceiver();
    const common = { allowAddresses: ['127.0.0.1'] };
    const alerts = createAlerts({
      rules: alertPresets.skyrouter.map((rule) => ({ ...rule, groupWaitSeconds: 0 })),
      channels: [
        createSlackChannel({ ...common, id: 'slack', url: `${receiver.url}/slack` }),
        createPagerDutyChannel({
          ...common,
          id: 'pagerduty',
          routingKey: 'key',
          url: `${receiver.url}/pagerduty`,
          minimumSeverity: 'critical',
        }),
      ],
      outbox: createMemoryOutbox(),
    });
    alerts.listener(threshold(80));
    for (const event of times(20, () => settled({ atMs: Date.now(), outcome: 'failed' })))
      alerts.listener(event);
    alerts.tick();
    await alerts.close();
    expect(receiver.received.map(({ path, body }) => `${path} ${body.text}`).sort()).toEqual([
      '/slack Warning: budget-80',
      '/slack Warning: model-errors',
    ]);
    await receiver.close();
  });
});

describe('SkyRouter enterprise: rules that the seed prints and does not have', () => {
  it.each<[string, (atMs: number) => readonly ReturnType<typeof refused>[], number]>([
    ['latency-high', (atMs) => times(10, () => settled({ atMs, durationMs: 6_000 })), 3 * minute],
    ['failures', (atMs) => times(6, () => settled({ atMs, outcome: 'failed' })), 0],
    [
      'errors',
      (atMs) => times(100, (index) => settled({ atMs, outcome: index < 2 ? 'failed' : 'completed' })),
      0,
    ],
    [
      'availability-low',
      (atMs) => times(1_000, (index) => settled({ atMs, outcome: index < 6 ? 'failed' : 'completed' })),
      0,
    ],
    [
      'traffic-spike',
      (atMs) => times(atMs > start + day ? 3 : 1, () => settled({ atMs, cost: '0' })),
      day + hour,
    ],
    ['cost-spike', (atMs) => [settled({ atMs, cost: atMs > start + day ? '0.3' : '0.1' })], day + hour],
  ])('%s', (id, each, forMs) => {
    expect(tellings('enterprise', start + forMs, minute, each)).toContain(id);
  });
});

describe('OpenRouter: thresholds of the monitoring guide', () => {
  const pair = (atMs: number, id: string) => [
    settled({ atMs, operationId: id, outcome: 'failed', cost: '0' }),
    settled({ atMs, operationId: id, attempt: 2, provider: 'anthropic', cost: '0' }),
  ];
  it.each<[string, (atMs: number) => readonly ReturnType<typeof refused>[], number]>([
    ['requests-high', (atMs) => times(1_001, () => settled({ atMs, cost: '0' })), 0],
    ['latency-high', (atMs) => times(20, () => settled({ atMs, durationMs: 5_200 })), 0],
    ['cost-high', (atMs) => [settled({ atMs, cost: '2' })], 51 * minute],
    [
      'errors',
      (atMs) => times(20, (index) => settled({ atMs, outcome: index < 2 ? 'failed' : 'completed' })),
      0,
    ],
    ['failovers', (atMs) => pair(atMs, `f${atMs}`), 11 * minute],
    ['errors-burst', (atMs) => times(11, () => settled({ atMs, outcome: 'failed' })), 0],
    ['team-cost-burst{team="search"}', (atMs) => [settled({ atMs, cost: '2.1' })], 4 * minute],
    ['failovers-burst', (atMs) => times(6, (index) => pair(atMs, `b${index}`)).flat(), 0],
  ])('%s', (id, each, forMs) => {
    const told = tellings('openrouter', start + forMs, minute, each);
    expect(told.filter((one) => one === id)).toEqual([id]);
  });

  it('none of them where nothing is wrong', () => {
    const each = (atMs: number) => times(16, () => settled({ atMs, cost: '0.001', durationMs: 4_800 }));
    expect(tellings('openrouter', start + hour, minute, each)).toEqual([]);
  });
});

describe('GenOps: the shipped alert rules', () => {
  it.each<[string, (atMs: number) => readonly ReturnType<typeof refused>[], number]>([
    ['cost-high', (atMs) => [settled({ atMs, cost: '3' })], 8 * minute],
    ['cost-very-high', (atMs) => [settled({ atMs, cost: '20' })], 4 * minute],
    ['team-cost-high{team="search"}', (atMs) => [settled({ atMs, cost: '2' })], 12 * minute],
    [
      'customer-cost-high{customerId="acme"}',
      (atMs) => [settled({ atMs, cost: '3', customerId: 'acme' })],
      21 * minute,
    ],
    ['budget-exceeded{limit="search-daily",threshold="100"}', () => [threshold(100)], 0],
    ['violations', (atMs) => times(61, () => refused({ atMs }, 'POLICY_DENY_MODEL')), 2 * minute],
    ['content-violations', (atMs) => times(7, () => refused({ atMs }, 'POLICY_DENY_CONTENT')), 0],
    [
      'compliance-low',
      (atMs) => [...times(18, () => settled({ atMs })), ...times(2, () => refused({ atMs }, 'x_denied'))],
      0,
    ],
    ['latency-very-high', (atMs) => times(10, () => settled({ atMs, durationMs: 16_000 })), 2 * minute],
    [
      'model-latency-high{model="gpt-4o-mini"}',
      (atMs) => times(10, () => settled({ atMs, durationMs: 11_000 })),
      0,
    ],
    [
      'many-errors',
      (atMs) => times(50, (index) => settled({ atMs, outcome: index < 1 ? 'failed' : 'completed' })),
      5 * minute,
    ],
    ['tokens-high', (atMs) => [settled({ atMs, tokens: 600_000 })], minute],
    ['tokens-dear', (atMs) => times(10, () => settled({ atMs, tokens: 9, cost: '0.01' })), 0],
    ['no-calls', () => [], 5 * minute],
    [
      'provider-out{provider="openai"}',
      (atMs) => [
        { kind: 'breaker', of: 'provider', id: 'openai', state: 'open', at: new Date(atMs).toISOString() },
      ],
      2 * minute,
    ],
  ])('%s', (id, each, forMs) => {
    const told = tellings('platform', start + forMs, minute, each);
    expect(told.filter((one) => one === id)).toEqual([id]);
    // Not before it has held as long as the rule says.
    if (forMs >= 2 * minute)
      expect(tellings('platform', start + forMs - minute, minute, each)).not.toContain(id);
  });

  it('cost-spike: five minutes at more than twice the mean of the hour, for ten minutes', () => {
    const each = (atMs: number) => [settled({ atMs, cost: atMs < start + 2 * hour ? '0.001' : '0.01' })];
    expect(tellings('platform', start + 2 * hour, minute, each)).not.toContain('cost-spike');
    expect(tellings('platform', start + 2 * hour + 15 * minute, minute, each)).toContain('cost-spike');
  });
});

describe('alerts in a configuration', () => {
  it('have the presets’ rules, and limits get the thresholds that rules want to tell', () => {
    const config = alertsConfigSchema.parse({
      channels: [{ id: 'ops', type: 'slack', url: 'env:SLACK_URL' }],
      presets: ['platform', 'skyrouter'],
      rules: [{ id: 'budget-80', kind: 'threshold', at: [75, 80], limits: ['search-*'] }],
    });
    const rules = alertRulesOf(config);
    expect(rules.filter(({ id }) => id === 'budget-80')).toMatchObject([{ at: [75, 80] }]);
    const limits = withThresholds(
      [{ id: 'search-daily' }, { id: 'ads' }, { id: 'own', thresholds: [42] }],
      rules,
    );
    expect(limits).toEqual([
      { id: 'search-daily', thresholds: [75, 80, 90, 100] },
      { id: 'ads', thresholds: [90, 100] },
      { id: 'own', thresholds: [42] },
    ]);
  });

  it.each([
    [{ channels: [{ id: 'ops', type: 'slack', url: 'https://hooks.slack.com/x' }] }, 'secrets do not belong'],
    [{ channels: [{ id: 'ops', type: 'irc' }] }, 'Invalid'],
    [{ channels: [] }, 'Too small'],
    [
      {
        channels: [
          { id: 'a', type: 'slack', url: 'env:A' },
          { id: 'a', type: 'teams', url: 'env:B' },
        ],
      },
      '"a" is used twice',
    ],
    [
      {
        channels: [{ id: 'a', type: 'slack', url: 'env:A' }],
        rules: [{ id: 'r', kind: 'silence', channels: ['b'] }],
      },
      'the channel "b", which is not there',
    ],
    [
      {
        channels: [{ id: 'a', type: 'slack', url: 'env:A' }],
        rules: [
          { id: 'r', kind: 'silence' },
          { id: 'r', kind: 'silence' },
        ],
      },
      'is used twice',
    ],
  ])('refuse %j', (wrong, why) => {
    const { error } = alertsConfigSchema.safeParse(wrong);
    expect(error?.issues.map(({ message }) => message).join('\n')).toContain(why);
  });
});

describe('Helicone: webhooks with triggers for cost, latency and error rate', () => {
  let upstream: FakeUpstream;
  let governor: Governor;
  let alerts: Alerts;
  const messages: AlertMessage[] = [];

  beforeAll(async () => {
    upstream = await startFakeUpstream();
  });
  afterEach(async () => {
    await alerts.close();
    await governor.close();
    upstream.reset();
    messages.splice(0);
  });
  afterAll(() => upstream.close());

  function setUp(rules: Parameters<typeof createAlerts>[0]['rules']) {
    let tries = 0;
    alerts = createAlerts({
      rules,
      channels: [
        createCallbackChannel({
          id: 'hook',
          call: (message) => {
            tries += 1;
            // The seed's webhook would have been lost here.
            if (tries === 1) throw new Error('down');
            messages.push(message);
          },
        }),
      ],
      outbox: createMemoryOutbox(),
      random: () => 0,
      tickMs: 5,
    });
    governor = createGovernor({ providers: [helicone, openai] });
    const adapter = instrumentHelicone({
      governor,
      client: new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey }),
      routes: { openai: 'gpt-4o-mini' },
    });
    return adapter;
  }

  // The seed's webhooks are one try, unsigned, and its method does not exist.
  it('configureWebhooks delivers by alerts: one line', async () => {
    const adapter = setUp([]);
    adapter.configureWebhooks({
      triggers: { highCost: { threshold: '0', timeframe: 'hourly' }, slowResponse: { thresholdMs: 30 } },
      deliver: alerts.tell,
    });
    upstream.setReply({ delayMs: 60 });
    for (let call = 0; call < 2; call += 1) await adapter.chat({ message: 'Hello', provider: 'openai' });
    const told = (name: string) =>
      messages.flatMap((message) => message.alerts).filter(({ ruleId }) => ruleId === name);
    await expect.poll(() => [told('high_cost').length, told('slow_response').length]).toEqual([1, 2]);
    expect(told('high_cost')[0]?.summary).toMatch(
      /USD were spent at Helicone \(hourly\); the trigger is above 0 USD/,
    );
  });

  it('rules say the same, and tell its end as well', async () => {
    const where = { provider: 'helicone' };
    const adapter = setUp([
      { id: 'cost', kind: 'cost', above: '0.00000001', where, groupWaitSeconds: 0 },
      { id: 'latency', kind: 'latency', aboveMs: 30, minimumCalls: 1, where, groupWaitSeconds: 0 },
      {
        id: 'errors',
        kind: 'share',
        of: 'failures',
        above: 0.3,
        minimumCalls: 2,
        where,
        groupWaitSeconds: 0,
      },
    ]);
    governor.on(alerts.listener);
    upstream.setReply({ delayMs: 60 });
    await adapter.chat({ message: 'Hello', provider: 'openai' });
    upstream.setReply({ status: 500 });
    await adapter.chat({ message: 'Hello', provider: 'openai' }).catch(() => {});
    alerts.tick();
    await expect
      .poll(() => messages.flatMap((message) => message.alerts.map(({ ruleId }) => ruleId)).sort())
      .toEqual(['cost', 'errors', 'latency']);
  });
});
