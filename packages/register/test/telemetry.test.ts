import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collector, type FakeUpstream, startCollector, startFakeUpstream } from '@genops/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { app, type Ended, run } from './program.ts';

let upstream: FakeUpstream;
let collector: Collector;
beforeAll(async () => {
  upstream = await startFakeUpstream();
});
afterAll(() => upstream.close());
afterEach(() => collector.close());

async function start(name: string, environment: Record<string, string> = {}): Promise<Ended> {
  return run(app(name), {
    environment: {
      TEST_UPSTREAM: upstream.url,
      OPENAI_API_KEY: upstream.apiKey,
      GENOPS_TEAM: 'search',
      ...environment,
    },
  });
}

/** The same in a directory with a `genops.yaml`. */
async function startIn(yaml: string, environment: Record<string, string> = {}): Promise<Ended> {
  const directory = await mkdtemp(join(tmpdir(), 'genops-telemetry-'));
  await writeFile(join(directory, 'genops.yaml'), yaml);
  const ended = await run(app('one-call.mjs'), {
    directory,
    environment: { TEST_UPSTREAM: upstream.url, OPENAI_API_KEY: upstream.apiKey, ...environment },
  });
  await rm(directory, { recursive: true });
  return ended;
}

describe('a program that knows nothing of telemetry', () => {
  it('sends spans and metrics where OTEL_EXPORTER_OTLP_ENDPOINT says, before it ends', async () => {
    collector = await startCollector();
    const ended = await start('one-call.mjs', {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-honeycomb-team=a-key',
      OTEL_SERVICE_NAME: 'ranking',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=production,service.version=1.2.0',
      GENOPS_TELEMETRY_ALIASES: 'genops',
    });
    expect(ended).toMatchObject({ code: 0, errors: '' });
    expect(ended.entries).toHaveLength(1);
    expect(collector.spans()).toMatchObject([
      { name: 'chat gpt-4o-mini', attributes: { 'genops.team': 'search', 'genops.provider': 'openai' } },
    ]);
    expect(collector.metricNames()).toEqual(expect.arrayContaining(['genops.cost', 'genops_cost_total_usd']));
    expect(collector.resources()[0]).toMatchObject({
      'service.name': 'ranking',
      'deployment.environment.name': 'production',
      'service.version': '1.2.0',
    });
    expect(collector.requests[0]?.headers['x-honeycomb-team']).toBe('a-key');
  });

  it('sends them where the genops.yaml of the proxy says, with its names and secrets', async () => {
    collector = await startCollector();
    const ended = await startIn(
      `telemetry:
  prometheus: { token: 'env:NOT_SET_HERE' }
  otlp: { endpoint: ${collector.url}, headers: { x-honeycomb-team: 'env:HONEYCOMB_KEY' } }
  serviceName: ranking
  aliases: [genops]
  spanSampleRatio: 1
  batch: { maxQueueSize: 10 }
`,
      { HONEYCOMB_KEY: 'a-key' },
    );
    expect(ended).toMatchObject({ code: 0, errors: '' });
    expect(collector.spans()).toMatchObject([{ name: 'chat gpt-4o-mini' }]);
    expect(collector.metricNames()).toEqual(expect.arrayContaining(['genops.cost', 'genops_cost_total_usd']));
    expect(collector.resources()[0]).toMatchObject({ 'service.name': 'ranking' });
    expect(collector.requests[0]?.headers['x-honeycomb-team']).toBe('a-key');
  });

  it('lets the environment win over genops.yaml, and takes no secret of one collector to another', async () => {
    const inFile = await startCollector();
    collector = await startCollector();
    const yaml = `telemetry:
  otlp: { endpoint: ${inFile.url}, headers: { x-honeycomb-team: 'env:HONEYCOMB_KEY' } }
  serviceName: ranking
`;
    await startIn(yaml, {
      HONEYCOMB_KEY: 'a-key',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: 'search',
    });
    await startIn(yaml, { HONEYCOMB_KEY: 'a-key', OTEL_SDK_DISABLED: 'true' });
    expect(inFile.requests).toEqual([]);
    await inFile.close();
    expect(collector.spans()).toHaveLength(1);
    expect(collector.resources()[0]).toMatchObject({ 'service.name': 'search' });
    expect(collector.requests[0]?.headers['x-honeycomb-team']).toBeUndefined();
  });

  it.each([
    ['otlp: { endpoint: "http://127.0.0.1:1", headers: { x-key: "env:NOT_SET" } }', /NOT_SET is not set/],
    ['otlp: { endpoint: "http://127.0.0.1:1", headers: { x-key: "secret" } }', /secrets do not belong/],
    ['spanSampelRatio: 0.1', /spanSampelRatio/],
    ['dimensions: [colour]', /colour/],
  ])('does not begin with `telemetry: { %s }`', async (yaml, message) => {
    collector = await startCollector();
    const ended = await startIn(`telemetry: { ${yaml} }`);
    expect(ended.code).toBe(1);
    expect(ended.errors).toMatch(message);
    expect(ended.entries).toEqual([]);
  });

  it('sends nothing where nobody is named, or OpenTelemetry is switched off', async () => {
    collector = await startCollector();
    await start('one-call.mjs');
    await start('one-call.mjs', { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SDK_DISABLED: 'true' });
    expect(collector.requests).toEqual([]);
  });

  it('gives spans to the SDK that the program has of its own, and to nobody else', async () => {
    collector = await startCollector();
    const ended = await start('own-sdk.mjs', { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    expect(ended.errors).toBe('');
    expect(JSON.parse(ended.output)).toEqual({ spans: ['chat gpt-4o-mini', 'request'], isBelow: true });
    expect(collector.requests).toEqual([]);
  });

  it('ends as it would, and keeps its entries, when the collector is away', async () => {
    collector = await startCollector();
    await collector.close();
    const ended = await start('one-call.mjs', { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    expect(ended.code).toBe(0);
    expect(ended.entries).toHaveLength(1);
  });

  it('tells of each call on standard error when GENOPS_DEBUG says so', async () => {
    collector = await startCollector();
    const ended = await start('one-call.mjs', { GENOPS_DEBUG: '1' });
    expect(ended.errors).toMatch(
      /^genops settled op=\S+ team=search chat=openai\/gpt-4o-mini verdict=allowed outcome=completed status=200 cost=/,
    );
    expect(ended.errors).not.toContain('Hello?');
    expect(ended.errors).not.toContain(upstream.apiKey);
  });

  it('does not begin with a word that is none', async () => {
    collector = await startCollector();
    const ended = await start('one-call.mjs', { GENOPS_TELEMETRY_ALIASES: 'datadog' });
    expect(ended.code).toBe(1);
    expect(ended.errors).toContain('GENOPS_TELEMETRY_ALIASES: expected true, or some of genops');
  });
});
