import { createGovernor, type Governor } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import { type Collector, type FakeUpstream, startCollector, startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createOtlpTelemetry, type ExportingTelemetry, type OtlpOptions } from '../src/otlp.ts';

let upstream: FakeUpstream;
let collector: Collector;
let governor: Governor;
let telemetry: ExportingTelemetry | undefined;

beforeAll(async () => {
  upstream = await startFakeUpstream();
  collector = await startCollector();
});
afterAll(async () => {
  await upstream.close();
  await collector.close();
});
afterEach(async () => {
  await telemetry?.close(200);
  telemetry = undefined;
  await governor.close();
  collector.behave('take');
  upstream.reset();
});

function govern(options: OtlpOptions = {}): OpenAI {
  governor = createGovernor({
    providers: [openai],
    ledger: createMemoryLedger(),
    attribution: { team: 'a' },
  });
  telemetry = createOtlpTelemetry({ endpoint: collector.url, ...options });
  governor.on(telemetry);
  const bare = new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey });
  return governor.wrap(bare, { provider: openai });
}

const ask = (client: OpenAI) =>
  client.chat.completions.create({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: 'A secret question' }],
    max_completion_tokens: 20,
  });

async function timesOf(client: OpenAI, calls: number): Promise<number[]> {
  const times: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    const begin = performance.now();
    await ask(client);
    times.push(performance.now() - begin);
  }
  return times.sort((one, other) => one - other);
}

const recorded = async (): Promise<number> => (await governor.ledger.sum({ by: [] }))[0]?.entries ?? 0;

describe('createOtlpTelemetry', () => {
  it('sends spans and metrics to a collector, with the headers and the resource that it was given', async () => {
    const client = govern({
      headers: { 'x-honeycomb-team': 'a-key' },
      serviceName: 'ranking',
      resource: { 'deployment.environment.name': 'production' },
    });
    await ask(client);
    await telemetry?.flush();
    expect(collector.requests.map(({ path }) => path).sort()).toEqual(['/v1/metrics', '/v1/traces']);
    expect(collector.requests.map(({ headers }) => headers['x-honeycomb-team'])).toEqual(['a-key', 'a-key']);
    expect(collector.spans()).toMatchObject([
      { name: 'chat gpt-4o-mini', attributes: { 'genops.team': 'a', 'genops.policy.result': 'ALLOWED' } },
    ]);
    expect(collector.metricNames()).toContain('genops.cost');
    expect(collector.resources()[0]).toMatchObject({
      'service.name': 'ranking',
      'deployment.environment.name': 'production',
    });
    expect(JSON.stringify(collector.requests)).not.toMatch(/secret question|sk-fake/);
    expect(telemetry?.stats()).toMatchObject({
      events: 1,
      spans: 1,
      exports: { buffered: 0, exported: 1, dropped: 0, errors: 0 },
    });
    expect(telemetry?.stats().exports?.averageLatencyMs).toBeGreaterThan(0);
  });

  it('counts what a collector refuses, and loses no entry', async () => {
    collector.behave('fail');
    const client = govern();
    await ask(client);
    await expect(telemetry?.flush()).rejects.toThrow();
    expect(telemetry?.stats().exports).toMatchObject({ exported: 0, dropped: 1 });
    expect(telemetry?.stats().exports?.errors).toBeGreaterThanOrEqual(1);
    expect(await recorded()).toBe(1);
  });

  it('lets no call wait for a collector that hangs, keeps a bounded number of spans, and counts the rest', async () => {
    collector.behave('hang');
    const hung = govern({
      batch: { maxQueueSize: 20, maxExportBatchSize: 5, scheduledDelayMs: 10, exportTimeoutMs: 60_000 },
    });
    const slow = await timesOf(hung, 100);
    const { events, exports } = (telemetry as ExportingTelemetry).stats();
    expect(events).toBe(100);
    expect(exports?.buffered).toBe(20);
    // One to five are on their way, for a minute to come.
    expect(exports?.dropped).toBeGreaterThanOrEqual(75);
    expect(exports?.dropped).toBeLessThan(80);
    expect(await recorded()).toBe(100);
    const begin = performance.now();
    await telemetry?.close(300);
    expect(performance.now() - begin).toBeLessThan(2_000);
    await governor.close();

    governor = createGovernor({ providers: [openai], ledger: createMemoryLedger() });
    const bare = new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey });
    const quick = await timesOf(governor.wrap(bare, { provider: openai }), 100);
    // A busy machine makes both slow; waiting for the collector would take a minute.
    expect(slow[90]).toBeLessThan(20 * (quick[90] as number) + 100);
  });

  it('goes on when nobody is there to export to', async () => {
    const client = govern({ endpoint: 'http://127.0.0.1:1', batch: { exportTimeoutMs: 500 } });
    await ask(client);
    await expect(telemetry?.flush()).rejects.toThrow();
    expect(telemetry?.stats().exports).toMatchObject({ dropped: 1 });
    expect(await recorded()).toBe(1);
  });

  it('samples spans by the call, and counts every call', async () => {
    const client = govern({ spanSampleRatio: 0.25 });
    for (let call = 0; call < 60; call += 1) await ask(client);
    await telemetry?.flush();
    const { spans, sampledOut, events } = (telemetry as ExportingTelemetry).stats();
    expect(events).toBe(60);
    expect(spans + sampledOut).toBe(60);
    expect(spans).toBeGreaterThan(2);
    expect(spans).toBeLessThan(40);
    expect(await recorded()).toBe(60);
  });

  it('refuses a ratio that is none, and a dimension that no call can have', () => {
    expect(() => govern({ spanSampleRatio: 1.5 })).toThrow('spanSampleRatio: expected 0 to 1, got 1.5');
    expect(() => govern({ dimensions: ['colour'] })).toThrow('dimensions: expected organization');
  });
});
