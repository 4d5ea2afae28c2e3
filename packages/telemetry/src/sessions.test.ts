import { createGovernor, type Governor } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import { createSkyRouter, createSkyRouterAdapter } from '@genops/skyrouter';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import { context, propagation, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTelemetry, propagateTrace, traceSessions } from './index.ts';

let upstream: FakeUpstream;
let governor: Governor;
const exporter = new InMemorySpanExporter();
const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });

beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  upstream = await startFakeUpstream();
});
afterAll(() => upstream.close());
afterEach(async () => {
  await governor.close();
  exporter.reset();
  upstream.reset();
  propagation.disable();
});

const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
const question = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'Where is my parcel?' }],
  max_completion_tokens: 100,
};

function govern(fetch?: typeof globalThis.fetch): OpenAI {
  upstream.setReply({ usage });
  governor = createGovernor({
    providers: [openai, createSkyRouter({ baseUrl: `${upstream.url}/v1` })],
    ledger: createMemoryLedger(),
    attribution: { team: 'search', project: 'ranking', environment: 'test' },
    ...(fetch !== undefined && { fetch }),
  });
  governor.on(createTelemetry({ tracerProvider }));
  return governor.wrap(new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey }), {
    provider: openai,
  });
}

/** Every span with the one above it: `call < step < session`. */
function tree(): string[] {
  const spans = exporter.getFinishedSpans();
  const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
  const above = (span: ReadableSpan): string => {
    const parent = byId.get(span.parentSpanContext?.spanId ?? '');
    return parent === undefined ? span.name : `${span.name} < ${above(parent)}`;
  };
  return spans.map(above).sort();
}

describe('traceSessions', () => {
  it('puts the spans of calls below those of their steps, and those below the session’s', async () => {
    const client = govern();
    const session = traceSessions(governor, { tracerProvider }).startSession({ name: 'draft' });
    await session.step('research', () => client.chat.completions.create(question));
    await session.step('write', async (step) => {
      await client.chat.completions.create(question);
      await step.step('review', () => client.chat.completions.create(question));
    });
    await session.close();
    expect(tree()).toEqual([
      'chat gpt-4o-mini < invoke_agent research < invoke_workflow draft',
      'chat gpt-4o-mini < invoke_agent review < invoke_agent write < invoke_workflow draft',
      'chat gpt-4o-mini < invoke_agent write < invoke_workflow draft',
      'invoke_agent research < invoke_workflow draft',
      'invoke_agent review < invoke_agent write < invoke_workflow draft',
      'invoke_agent write < invoke_workflow draft',
      'invoke_workflow draft',
    ]);
    const whole = exporter.getFinishedSpans().find(({ name }) => name === 'invoke_workflow draft');
    expect(whole?.attributes).toMatchObject({
      'genops.session.calls': 3,
      'genops.session.total_cost': 0.00063,
      'genops.session.currency': 'USD',
    });
    // Usage stands on calls only, so that nobody who adds up a trace counts it twice.
    expect(Object.keys(whole?.attributes ?? {}).filter((name) => name.startsWith('gen_ai.usage'))).toEqual(
      [],
    );
  });

  it('marks a step that failed, and passes the error on as it came', async () => {
    govern();
    const session = traceSessions(governor, { tracerProvider }).startSession({ name: 'draft' });
    const failure = new Error('no more ideas');
    await expect(session.step('write', () => Promise.reject(failure))).rejects.toBe(failure);
    await session.close();
    const step = exporter.getFinishedSpans().find(({ name }) => name === 'invoke_agent write');
    expect(step?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no more ideas' });
  });

  it('does the same for the workflows of an adapter that takes the governor', async () => {
    govern();
    const adapter = createSkyRouterAdapter({
      governor: traceSessions(governor, { tracerProvider, aliases: ['skyrouter'] }),
      client: governor.wrap(new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey })),
    });
    await adapter.runAgentWorkflow({
      name: 'triage',
      steps: [
        { task: 'classify', model: 'gpt-4o-mini', input: 'A parcel' },
        { task: 'answer', model: 'gpt-4o-mini', input: 'A parcel' },
      ],
    });
    expect(tree()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^chat gpt-4o-mini < invoke_agent classify.* < invoke_workflow triage$/),
        expect.stringMatching(/^chat gpt-4o-mini < invoke_agent answer.* < invoke_workflow triage$/),
      ]),
    );
    const whole = exporter.getFinishedSpans().find(({ name }) => name === 'invoke_workflow triage');
    expect(whole?.attributes).toMatchObject({
      'genops.skyrouter.session.operation_count': 2,
      'genops.skyrouter.session.total_cost': 0.00042,
    });
  });
});

describe('propagateTrace', () => {
  it('tells whom it calls of the trace, by the propagator that is registered', async () => {
    propagation.setGlobalPropagator({
      inject: (from, carrier, setter) => {
        const span = trace.getSpanContext(from);
        if (span !== undefined) setter.set(carrier, 'traceparent', `00-${span.traceId}-${span.spanId}-01`);
      },
      extract: (from) => from,
      fields: () => ['traceparent'],
    });
    const client = govern(propagateTrace((input, init) => globalThis.fetch(input, init)));
    const span = tracerProvider.getTracer('application').startSpan('request');
    await context.with(trace.setSpan(context.active(), span), () => client.chat.completions.create(question));
    const { traceId, spanId } = span.spanContext();
    expect(upstream.requests[0]?.headers['traceparent']).toBe(`00-${traceId}-${spanId}-01`);
  });

  it('changes nothing where no propagator is registered', async () => {
    const client = govern(propagateTrace((input, init) => globalThis.fetch(input, init)));
    await client.chat.completions.create(question);
    expect(upstream.requests[0]?.headers).not.toHaveProperty('traceparent');
  });
});
