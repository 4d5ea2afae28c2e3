import { MeterProvider, type MetricData } from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTelemetry, foreignMetrics, metricAliases, missingSpanAliases } from '../src/index.ts';
import { createPrometheusReader, observeProcess } from '../src/prometheus.ts';
import { governedRun } from './governed-run.ts';
import { parseExposition, parseQuery, type Series, select } from './promql.ts';
import { datadogQueries, honeycombQueries, promQueries } from './seed-queries.ts';

let series: readonly Series[];
let metrics: readonly MetricData[];
const { reader, scrape } = createPrometheusReader();
const meterProvider = new MeterProvider({ readers: [reader] });
const spans = new InMemorySpanExporter();

beforeAll(async () => {
  observeProcess(meterProvider.getMeter('process'), 'skyrouter');
  const telemetry = createTelemetry({
    meterProvider,
    tracerProvider: new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }),
    aliases: true,
    dimensions: ['team', 'project', 'environment', 'customerId', 'feature'],
    exports: () => ({ buffered: 3, exported: 0, dropped: 0, errors: 0, averageLatencyMs: undefined }),
  });
  await governedRun(telemetry);
  series = parseExposition(await scrape());
  const { resourceMetrics } = await reader.collect();
  metrics = resourceMetrics.scopeMetrics.flatMap((one) => one.metrics);
});
afterAll(() => meterProvider.shutdown());

const possible = promQueries.filter(({ impossible }) => impossible === undefined);
const impossible = promQueries.filter((query) => query.impossible !== undefined);

describe('metricAliases', () => {
  it.each(possible)('answer what the $from asks: $query', ({ query }) => {
    const { selectors, groupings } = parseQuery(query);
    expect(selectors.length).toBeGreaterThan(0);
    for (const selector of selectors) {
      const found = select(series, selector);
      expect(found, `series of ${selector.name}`).not.toEqual([]);
      for (const label of groupings) {
        const has = found.filter(({ labels }) => labels[label] !== undefined);
        expect(has, `${selector.name} by ${label}`).not.toEqual([]);
      }
    }
  });

  it.each(impossible)('say why they cannot answer $query', ({ query, impossible: reason }) => {
    const [selector] = parseQuery(query).selectors;
    expect(foreignMetrics).toContainEqual({ name: selector?.name, reason });
  });

  it.each(datadogQueries)('have the name and the tags that Datadog asks for: $metric', ({ metric, tags }) => {
    const found = metrics.find(({ descriptor }) => descriptor.name === metric);
    expect(found?.dataPoints.length).toBeGreaterThan(0);
    for (const tag of tags) {
      expect(
        found?.dataPoints.some(({ attributes }) => attributes[tag] !== undefined),
        tag,
      ).toBe(true);
    }
  });

  it('add up to the same as our own names', () => {
    const sum = (name: string, label?: string, value?: string): number =>
      series
        .filter((one) => one.name === name && (label === undefined || one.labels[label] === value))
        .reduce((total, one) => total + one.value, 0);
    const sky = ['gen_ai_provider_name', 'skyrouter'] as const;
    expect(sum('genops_cost_total')).toBeGreaterThan(0);
    expect(sum('genops_cost_total_usd')).toBeCloseTo(sum('genops_cost_total'), 12);
    expect(sum('genops_skyrouter_cost_total')).toBeCloseTo(sum('genops_cost_total', ...sky), 12);
    expect(sum('skyrouter_routes_total')).toBe(sum('genops_operations_total', ...sky));
    expect(sum('skyrouter_successful_routes_total')).toBe(2);
    expect(sum('skyrouter_optimized_routes_total')).toBe(1);
    expect(sum('genops_openrouter_provider_switches_total')).toBe(1);
    expect(sum('genops_helicone_requests_total')).toBe(2);
    expect(sum('genops_cache_hits_total')).toBe(1);
    expect(sum('genops_cost_avoided_total')).toBeCloseTo(0.00021, 12);
  });

  it('are all exposed by some call, so that none of them is only a promise', () => {
    const exposed = new Set(metrics.map(({ descriptor }) => descriptor.name));
    expect(metricAliases.map(({ name }) => name).filter((name) => !exposed.has(name))).toEqual([]);
  });

  it('are not paid for unless somebody asks for them', async () => {
    const plain = createPrometheusReader();
    const provider = new MeterProvider({ readers: [plain.reader] });
    await governedRun(createTelemetry({ meterProvider: provider }));
    const own = parseExposition(await plain.scrape());
    expect(own.length).toBeGreaterThan(20);
    expect(own.filter(({ name }) => /skyrouter|openrouter|helicone|_usd$/.test(name))).toEqual([]);
    expect(own.filter(({ labels }) => 'provider' in labels || 'genops_customer_id' in labels)).toEqual([]);
    await provider.shutdown();
  });
});

describe('spanAttributeAliases', () => {
  it.each(honeycombQueries)('have what Honeycomb asks for: $query', ({ attributes, ...query }) => {
    const found = spans
      .getFinishedSpans()
      .filter((span) => attributes.every((name) => span.attributes[name] !== undefined));
    expect(found).not.toEqual([]);
    if ('impossible' in query) expect(missingSpanAliases.map(({ name }) => name)).toContain(query.impossible);
  });

  it('tell a fallback behind the gateway, by whom it was expected of and by whom it came', () => {
    const [fallback] = spans
      .getFinishedSpans()
      .filter((span) => span.attributes['genops.openrouter.fallback_used'] === true);
    expect(fallback?.attributes).toMatchObject({
      'genops.provider': 'openrouter',
      'genops.openrouter.routing_strategy': 'fallback',
    });
    expect(fallback?.attributes['genops.openrouter.predicted_provider']).not.toBe(
      fallback?.attributes['genops.openrouter.actual_provider'],
    );
  });
});
