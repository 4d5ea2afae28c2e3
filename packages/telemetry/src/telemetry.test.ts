import { createGovernor, type Governor } from '@genops/governor';
import { openai } from '@genops/openai';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTelemetry } from './index.ts';

let upstream: FakeUpstream;
let governor: Governor;
let client: OpenAI;
const spans = new InMemorySpanExporter();
const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] });
const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 60_000 });
const meterProvider = new MeterProvider({ readers: [reader] });

beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  upstream = await startFakeUpstream();
});
beforeEach(() => {
  governor = createGovernor({
    providers: [openai],
    attribution: {
      team: 'search',
      project: 'ranking',
      environment: 'test',
      customerId: 'acme',
      tags: { tier: 'gold' },
    },
    policy: { rules: [{ id: 'no-legacy', effect: 'deny', when: { model: 'gpt-3.5*' } }] },
    routing: false,
  });
  governor.on(createTelemetry({ tracerProvider, meterProvider }));
  client = governor.wrap(new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey }), {
    provider: openai,
  });
});
afterEach(async () => {
  await governor.close();
  upstream.reset();
  spans.reset();
});
afterAll(async () => {
  await upstream.close();
  await meterProvider.shutdown();
});

const question = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'A secret question' }],
  max_completion_tokens: 50,
};

function onlySpan(): ReadableSpan {
  const [span, ...others] = spans.getFinishedSpans();
  if (span === undefined || others.length > 0) throw new Error(`Expected one span, got ${others.length + 1}`);
  return span;
}

describe('createTelemetry', () => {
  it('makes a client span with the names of both conventions, below the caller’s', async () => {
    upstream.setReply({
      usage: { prompt_tokens: 1000, completion_tokens: 100, prompt_tokens_details: { cached_tokens: 400 } },
    });
    const tracer = tracerProvider.getTracer('application');
    const parent = tracer.startSpan('request');
    await context.with(trace.setSpan(context.active(), parent), () =>
      client.chat.completions.create(question),
    );
    const span = onlySpan();
    expect(span.name).toBe('chat gpt-4o-mini');
    expect(span.kind).toBe(SpanKind.CLIENT);
    expect(span.parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
    expect(span.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o-mini',
      'gen_ai.usage.input_tokens': 1000,
      'gen_ai.usage.cache_read.input_tokens': 400,
      'gen_ai.usage.output_tokens': 100,
      'gen_ai.usage.cost': 0.00018,
      'genops.cost.exact': '0.00018',
      'genops.cost.currency': 'USD',
      'genops.spec.version': '0.1.0',
      'genops.team': 'search',
      'genops.customer_id': 'acme',
      'genops.tag.tier': 'gold',
      'genops.policy.result': 'ALLOWED',
      'genops.accounting.actual': 0.00018,
      'genops.accounting.unit': 'USD',
    });
    expect(span.attributes).not.toHaveProperty('genops.policy.reason_code');
    expect(span.events.map((event) => event.name)).toEqual([
      'genops.policy.evaluated',
      'genops.budget.reservation',
      'genops.budget.reconciliation',
    ]);
    const [, reservation, reconciliation] = span.events;
    expect(reconciliation?.attributes?.['reconciliation_delta']).toBeCloseTo(
      0.00018 - Number(reservation?.attributes?.['reserved']),
      12,
    );
    expect(Object.values(span.attributes)).not.toContain(null);
  });

  it('says nothing of prompts, answers or keys', async () => {
    await client.chat.completions.create(question);
    const everything = JSON.stringify([onlySpan().attributes, onlySpan().events]);
    expect(everything).not.toContain('secret question');
    expect(everything).not.toContain('fake answer');
    expect(everything).not.toContain(upstream.apiKey);
  });

  it('marks a refusal as an error with its reason, and without accounting', async () => {
    await client.chat.completions.create({ ...question, model: 'gpt-3.5-turbo' }).catch(() => {});
    const span = onlySpan();
    expect(span.status.code).toBe(SpanStatusCode.ERROR);
    expect(span.attributes).toMatchObject({
      'error.type': 'POLICY_DENY_MODEL',
      'genops.policy.result': 'BLOCKED',
      'genops.policy.reason_code': 'POLICY_DENY_MODEL',
    });
    expect(span.attributes).not.toHaveProperty('genops.accounting.actual');
    expect(span.events.map((event) => event.name)).toEqual(['genops.policy.evaluated']);
  });

  it('marks an upstream error by its status', async () => {
    upstream.setReply({ status: 500, error: { message: 'down' } });
    await client.chat.completions.create(question).catch(() => {});
    expect(onlySpan().attributes).toMatchObject({
      'error.type': '500',
      'http.response.status_code': 500,
      'gen_ai.usage.cost': 0,
    });
  });

  it('counts cost, tokens, durations and refusals', async () => {
    upstream.setReply({ usage: { prompt_tokens: 1000, completion_tokens: 100 } });
    await client.chat.completions.create(question);
    await client.chat.completions.create({ ...question, model: 'gpt-3.5-turbo' }).catch(() => {});
    await reader.forceFlush();
    const measured = new Map(
      metricExporter
        .getMetrics()
        .at(-1)
        ?.scopeMetrics.flatMap((one) => one.metrics)
        .map((metric) => [metric.descriptor.name, metric]),
    );
    expect([...measured.keys()].sort()).toEqual(
      expect.arrayContaining([
        'gen_ai.client.operation.duration',
        'gen_ai.client.operation.time_to_first_chunk',
        'gen_ai.client.token.usage',
        'genops.attempts',
        'genops.cost',
        'genops.cost.reserved',
        'genops.operations',
        'genops.policy.violations',
        'genops.refusals',
        'genops.tokens.input',
      ]),
    );
    const refusals = measured.get('genops.refusals')?.dataPoints ?? [];
    expect(refusals.map(({ attributes }) => attributes['genops.policy.reason_code'])).toEqual([
      'POLICY_DENY_MODEL',
    ]);
    const points = measured.get('genops.cost')?.dataPoints ?? [];
    const own = points.find((point) => point.attributes['gen_ai.request.model'] === 'gpt-4o-mini');
    expect(own?.attributes).toMatchObject({ 'genops.team': 'search', 'gen_ai.provider.name': 'openai' });
    expect(own?.attributes).not.toHaveProperty('genops.customer_id');
  });
});
