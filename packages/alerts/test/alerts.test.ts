import { spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGovernor, type Governor } from '@genops/governor';
import { openai } from '@genops/openai';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Channel } from '../src/channels/channel.ts';
import {
  type Alerts,
  type AlertsOptions,
  createAlerts,
  createCallbackChannel,
  createMemoryOutbox,
  createWebhookChannel,
  DeliveryError,
} from '../src/index.ts';
import { openSqliteOutbox } from '../src/sqlite.ts';
import { settled, threshold } from './entries.ts';
import { type Receiver, startReceiver } from './receiver.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const budget = { id: 'budget', kind: 'threshold', at: [80, 100], groupWaitSeconds: 0 } as const;
let receiver: Receiver;
let alerts: Alerts | undefined;
const errors: unknown[] = [];

beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  await alerts?.close(0);
  alerts = undefined;
  await receiver.close();
  errors.splice(0);
});

const hook = (id = 'hook'): Channel =>
  createWebhookChannel({ id, url: `${receiver.url}/${id}`, secret, allowAddresses: ['127.0.0.1'] });

/** Tries again at once, so that tests need not wait. */
function setUp(options: Partial<AlertsOptions> = {}): Alerts {
  alerts = createAlerts({
    rules: [budget],
    channels: [hook()],
    outbox: createMemoryOutbox(),
    random: () => 0,
    tickMs: 5,
    onError: (error) => errors.push(error),
    ...options,
  });
  return alerts;
}

const arrived = (count: number): Promise<void> =>
  expect.poll(() => receiver.received.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
const labels = (): string[] =>
  receiver.received.flatMap(({ body }) =>
    body.data.alerts.map((alert: { status: string; labels: Record<string, string> }) =>
      [alert.status, ...Object.values(alert.labels)].join(' '),
    ),
  );
const ids = (): (string | undefined)[] =>
  receiver.received.map(({ headers }) => headers['webhook-id'] as string | undefined);

describe('createAlerts', () => {
  it('tells of a threshold once, though it is announced twice', async () => {
    const { listener, stats } = setUp();
    listener(threshold(80));
    listener(threshold(80));
    listener(threshold(50));
    await arrived(1);
    await expect.poll(() => stats().delivered).toBe(1);
    expect(labels()).toEqual(['firing search-daily 80']);
  });

  it('makes one message of many alerts that come together', async () => {
    const { listener } = setUp({ rules: [{ ...budget, groupWaitSeconds: 1, groupBy: [] }] });
    for (const limitId of ['a', 'b', 'c']) listener(threshold(80, { limitId }));
    listener(threshold(100, { limitId: 'a' }));
    await arrived(1);
    expect(receiver.received).toHaveLength(1);
    expect(labels()).toEqual(['firing a 80', 'firing b 80', 'firing c 80', 'firing a 100']);
    expect(receiver.received[0]?.body.data.title).toBe('Warning: budget (and 3 more)');
  });

  it('sends to the channels that a rule names, and nothing less grave than a channel takes', async () => {
    const { listener } = setUp({
      channels: [hook('all'), { ...hook('grave'), minimumSeverity: 'critical' }],
      rules: [
        { ...budget, at: [80] },
        { ...budget, id: 'over', at: [100], severity: 'critical', channels: ['grave'] },
      ],
    });
    listener(threshold(80));
    listener(threshold(100));
    await arrived(2);
    const told = receiver.received.map(({ path, body }) => `${path} ${body.data.alerts[0].ruleId}`);
    expect(told.sort()).toEqual(['/all budget', '/grave over']);
  });

  it('tries again until it arrives: after errors, a broken connection, and as late as it was asked to', async () => {
    const { listener, stats } = setUp();
    receiver.answer({ status: 503 }, { reset: true }, { status: 429, headers: { 'retry-after': '0.4' } });
    const before = performance.now();
    listener(threshold(80));
    await arrived(4);
    expect(performance.now() - before).toBeGreaterThan(380);
    expect(new Set(ids()).size).toBe(1);
    const stamps = receiver.received.map(({ text, headers }) =>
      new Webhook(secret).verify(text, headers as Record<string, string>),
    );
    expect(stamps).toHaveLength(4);
    await expect.poll(() => stats()).toMatchObject({ delivered: 1, failedAttempts: 3, pending: 0 });
  });

  it('gives up after so many tries, says so, keeps the message, and sends it again when asked', async () => {
    const { listener, deadLetters, resend, stats } = setUp({ delivery: { maxAttempts: 3 } });
    receiver.answer({ status: 500 }, { status: 500 }, { status: 500, body: 'no hope' });
    listener(threshold(80));
    await expect.poll(() => deadLetters().length).toBe(1);
    expect(receiver.received).toHaveLength(3);
    expect(deadLetters()[0]).toMatchObject({ channel: 'hook', attempts: 3, state: 'dead' });
    expect(String(errors[0])).toMatch(/is given up after 3 tries: Channel "hook" answered 500: no hope/);
    const { id } = deadLetters()[0]?.message ?? { id: '' };
    expect([resend(id), resend('nobody')]).toEqual([true, false]);
    await expect.poll(() => stats()).toMatchObject({ delivered: 1, dead: 0 });
    expect(new Set(ids()).size).toBe(1);
  });

  it('gives up at once where trying again cannot help, and follows no redirect', async () => {
    const { listener, deadLetters } = setUp();
    receiver.answer({ status: 302, headers: { location: `${receiver.url}/elsewhere` } });
    listener(threshold(80));
    await expect.poll(() => deadLetters().length).toBe(1);
    expect(receiver.received.map(({ path }) => path)).toEqual(['/hook']);
  });

  it('keeps the order within a group, and lets a group that fails hold up no other', async () => {
    const { listener, stats } = setUp({ delivery: { maxAttempts: 100 } });
    receiver.answer({ status: 500 }, { status: 500 });
    listener(threshold(80, { limitId: 'a' }));
    await expect.poll(() => stats().failedAttempts).toBeGreaterThan(0);
    listener(threshold(100, { limitId: 'a' }));
    listener(threshold(80, { limitId: 'b' }));
    await expect.poll(() => stats().delivered).toBe(3);
    const good = labels().slice(2);
    expect(good.indexOf('firing a 80')).toBeLessThan(good.indexOf('firing a 100'));
  });

  it('has at most so many messages under way', async () => {
    const { listener, stats } = setUp({ delivery: { maxInFlight: 3 } });
    receiver.answer(...Array.from({ length: 20 }, () => ({ delayMs: 20 })));
    for (let limit = 0; limit < 20; limit += 1) listener(threshold(80, { limitId: `l${limit}` }));
    await expect.poll(() => stats().delivered, { timeout: 10_000 }).toBe(20);
    expect(receiver.mostAtOnce).toBe(3);
  });

  it('does not wait for a receiver that hangs longer than it has to', async () => {
    const { listener, stats } = setUp({ delivery: { timeoutMs: 50 } });
    receiver.answer({ delayMs: 2_000 });
    listener(threshold(80));
    await expect.poll(() => stats().delivered).toBe(1);
    expect(stats().failedAttempts).toBe(1);
    const deaf = setUp({
      delivery: { timeoutMs: 20, maxAttempts: 1 },
      channels: [createCallbackChannel({ id: 'deaf', call: () => new Promise(() => {}) })],
    });
    deaf.listener(threshold(80));
    await expect.poll(() => deaf.deadLetters()[0]?.lastError).toBe('Channel "deaf" took longer than 20 ms');
  });

  it('drops and counts what it has no room for, events and notices', async () => {
    const { listener, stats } = setUp({
      maxWaitingEvents: 3,
      outbox: createMemoryOutbox({ capacity: 2 }),
      channels: [createCallbackChannel({ id: 'deaf', call: () => new Promise(() => {}) })],
    });
    for (let limit = 0; limit < 5; limit += 1) listener(threshold(80, { limitId: `l${limit}` }));
    expect(stats()).toMatchObject({ waitingEvents: 3, droppedEvents: 2 });
    await expect.poll(() => stats().droppedNotices).toBe(1);
    expect(String(errors[0])).toContain('The outbox is full: 1 notices were dropped');
  });

  it('survives an outbox that fails, and says so', async () => {
    const outbox = createMemoryOutbox();
    const { listener } = setUp({
      outbox: {
        ...outbox,
        add: () => {
          throw new Error('the disk is full');
        },
      },
    });
    listener(threshold(80));
    await expect.poll(() => errors.map(String)).toContain('Error: the disk is full');
  });

  it('sends what waits before it ends, without waiting for more, within its grace', async () => {
    const { listener, close } = setUp({ rules: [{ ...budget, groupWaitSeconds: 3600 }] });
    listener(threshold(80));
    await close(2_000);
    expect(labels()).toEqual(['firing search-daily 80']);
    const slow = setUp({ tickMs: 1_000 });
    receiver.answer({ delayMs: 5_000 });
    slow.listener(threshold(80, { limitId: 'slow' }));
    const before = performance.now();
    await slow.close(100);
    expect(performance.now() - before).toBeLessThan(1_000);
    expect(errors.map(String)).toEqual(['Error: 1 alert messages had not arrived when the process ended']);
  });

  it('sends a test to one channel, and says why it does not arrive', async () => {
    const { test } = setUp();
    await test('hook');
    expect(receiver.received[0]?.body.data.alerts[0].summary).toBe('This is a test: nothing is wrong');
    receiver.answer({ status: 404 });
    await expect(test('hook')).rejects.toThrow('Channel "hook" answered 404');
    await expect(test('nobody')).rejects.toThrow('no channel is called "nobody"');
  });

  it('tells what an application found itself, once', async () => {
    const { tell, stats } = setUp();
    tell({
      id: 'deploy-7',
      name: 'deploy',
      summary: 'Version 7 is out',
      severity: 'info',
      labels: { by: 'ci' },
    });
    tell({ id: 'deploy-7', name: 'deploy', summary: 'Version 7 is out' });
    await arrived(1);
    expect(receiver.received[0]?.body.data).toMatchObject({
      title: 'For information: deploy',
      alerts: [{ kind: 'occurrence', summary: 'Version 7 is out', labels: { by: 'ci' } }],
    });
    expect(stats().duplicates).toBe(1);
  });

  it.each([
    [{ rules: [budget, budget] }, '"budget" is used twice'],
    [{ rules: [{ ...budget, channels: ['nobody'] }] }, 'no channel is called "nobody"'],
    [{ rules: [{ ...budget, at: ['80'] }] }, 'rule.at.0'],
    [{ rules: [{ ...budget, forSeconds: 5 }] }, 'Unrecognized key'],
    [{ rules: [{ id: 'r', kind: 'cost', above: '1e3' }] }, 'expected a plain decimal'],
    [{ rules: [{ id: 'r', kind: 'cost', above: 'Infinity' }] }, 'expected a plain decimal'],
    [{ rules: [{ id: 'r', kind: 'cost' }] }, 'rule.above'],
    [{ rules: [{ id: 'r', kind: 'cost', above: '1', windowSeconds: 1e9 }] }, 'rule.windowSeconds'],
    [
      { rules: [{ id: 'r', kind: 'spike', factor: '2', windowSeconds: 3600, baselineSeconds: 3600 }] },
      'expected more than windowSeconds',
    ],
    [{ rules: [{ id: '../x', ...{ kind: 'silence' } }] }, 'expected letters, digits'],
  ])('refuses %j', (wrong, why) => {
    expect(() =>
      createAlerts({
        channels: [hook()],
        outbox: createMemoryOutbox(),
        ...(wrong as object),
      } as AlertsOptions),
    ).toThrow(why);
  });

  it('warns that alerts wait in memory when nobody gave it an outbox', async () => {
    const warned = new Promise<NodeJS.ErrnoException>((resolve) => process.once('warning', resolve));
    alerts = createAlerts({ rules: [budget], channels: [hook()] });
    expect((await warned).code).toBe('GENOPS_MEMORY_OUTBOX');
  });
});

describe('createAlerts with a durable outbox', () => {
  const open = async () => join(await mkdtemp(join(tmpdir(), 'genops-alerts-')), 'alerts.db');

  it('tells once in all, whatever restarts there are, and tells the end of what began before', async () => {
    const path = await open();
    const now = { ms: Date.parse('2026-11-30T08:00:00Z') };
    const rules = [budget, { id: 'hourly', kind: 'cost', above: '10', groupWaitSeconds: 0 } as const];
    const start = (): Alerts => setUp({ rules, outbox: openSqliteOutbox({ path }), nowMs: () => now.ms });
    const first = start();
    first.listener(threshold(80));
    first.listener(settled({ atMs: now.ms, cost: '11' }));
    first.tick();
    await arrived(2);
    await first.close();
    const second = start();
    second.listener(threshold(80));
    second.tick();
    await second.close();
    expect(receiver.received).toHaveLength(2);

    const third = start();
    now.ms += 3_700_000;
    third.tick();
    await arrived(3);
    now.ms = Date.parse('2026-12-01T00:00:01Z');
    third.tick();
    await arrived(4);
    expect(receiver.received.map(({ body }) => `${body.type} ${body.data.alerts[0].key}`)).toEqual([
      'alert.firing budget{limit="search-daily",threshold="80"}',
      'alert.firing hourly',
      'alert.resolved hourly',
      'alert.resolved budget{limit="search-daily",threshold="80"}',
    ]);
  });

  it('loses no alert when the process is killed while the receiver is down', {
    timeout: 120_000,
  }, async () => {
    const path = await open();
    const program = fileURLToPath(new URL('./alerts-until-killed.ts', import.meta.url));
    const port = new URL(receiver.url).port;
    await receiver.close();
    const child = spawn(process.execPath, [
      '--conditions=@genops/source',
      '--no-warnings',
      program,
      path,
      port,
      secret,
    ]);
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk;
      if (said.includes('failed')) child.kill('SIGKILL');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    await new Promise((resolve) => child.on('close', resolve));
    expect(child.signalCode, said).toBe('SIGKILL');
    receiver = await startReceiver();
    const { stats } = setUp({ outbox: openSqliteOutbox({ path }) });
    await expect.poll(() => stats().delivered, { timeout: 10_000 }).toBe(10);
    expect(labels().sort()).toEqual(Array.from({ length: 10 }, (_, index) => `firing l${index} 80`));
  });
});

describe('governor.on(alerts.listener)', () => {
  let upstream: FakeUpstream;
  let governor: Governor;
  beforeAll(async () => {
    upstream = await startFakeUpstream();
  });
  afterAll(() => upstream.close());
  afterEach(async () => {
    await governor.close();
    upstream.reset();
  });

  const question = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hello' }] };

  it('tells of a budget that calls used up to 80 %, once', async () => {
    governor = createGovernor({
      providers: [openai],
      policy: {
        limits: [
          { id: 'daily', amount: '0.001', window: 'day', mode: 'advisory', thresholds: [50, 80, 100] },
        ],
      },
    });
    const { listener, tick, stats } = setUp({ rules: [{ ...budget, at: [80] }] });
    governor.on(listener);
    upstream.setReply({ usage: { prompt_tokens: 1_000, completion_tokens: 100 } });
    const client = governor.wrap(new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey }), {
      provider: openai,
    });
    for (let call = 0; call < 8; call += 1) await client.chat.completions.create(question);
    tick();
    await expect.poll(() => stats().delivered).toBe(1);
    expect(labels()).toEqual(['firing daily 80']);
  });

  it('slows no call, and breaks none, while every channel hangs, fails or throws', async () => {
    governor = createGovernor({ providers: [openai] });
    const client = governor.wrap(new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey }), {
      provider: openai,
    });
    const took = async (): Promise<number> => {
      const times: number[] = [];
      for (let call = 0; call < 30; call += 1) {
        const before = performance.now();
        await client.chat.completions.create(question);
        times.push(performance.now() - before);
      }
      return times.sort((left, right) => left - right)[15] ?? 0;
    };
    await took();
    const alone = await took();
    receiver.answer(...Array.from({ length: 200 }, () => ({ delayMs: 5_000 })));
    const { listener } = setUp({
      channels: [
        hook('hangs'),
        createCallbackChannel({
          id: 'throws',
          call: () => {
            throw new DeliveryError('no', { permanent: true });
          },
        }),
      ],
      rules: [{ id: 'every-call', kind: 'count', of: 'calls', above: 0, groupWaitSeconds: 0 }],
      evaluateEveryMs: 1,
    });
    governor.on(listener);
    expect(await took()).toBeLessThan(alone * 2 + 20);
    expect(errors.length).toBeGreaterThan(0);
  });
});
