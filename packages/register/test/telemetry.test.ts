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

describe('a program that knows nothing of telemetry', () => {
  it('sends spans and metrics where OTEL_EXPORTER_OTLP_ENDPOINT says, before it ends', async () => {
    collector = await startCollector();
    const ended = await start('one-call.mjs', {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-honeycomb-team=a-key',
      OTEL_SERVICE_NAME: 'ranking',
      GENOPS_TELEMETRY_ALIASES: 'genops',
    });
    expect(ended).toMatchObject({ code: 0, errors: '' });
    expect(ended.entries).toHaveLength(1);
    expect(collector.spans()).toMatchObject([
      { name: 'chat gpt-4o-mini', attributes: { 'genops.team': 'search', 'genops.provider': 'openai' } },
    ]);
    expect(collector.metricNames()).toEqual(expect.arrayContaining(['genops.cost', 'genops_cost_total_usd']));
    expect(collector.resources()[0]).toMatchObject({ 'service.name': 'ranking' });
    expect(collector.requests[0]?.headers['x-honeycomb-team']).toBe('a-key');
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
