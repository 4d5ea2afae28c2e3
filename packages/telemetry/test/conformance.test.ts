import { withAttribution, withBaseUrl } from '@genops/core';
import { createGovernor, type Governor, type GovernorOptions } from '@genops/governor';
import { helicone } from '@genops/helicone';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checkUnits, createTelemetry } from '../src/index.ts';

let upstream: FakeUpstream;
let governor: Governor;
const exporter = new InMemorySpanExporter();
const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });

beforeAll(async () => {
  upstream = await startFakeUpstream();
});
afterAll(() => upstream.close());
afterEach(async () => {
  await governor.close();
  exporter.reset();
  upstream.reset();
});

const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
const who = { team: 'search', project: 'ranking', environment: 'test' };

function govern(options: Partial<GovernorOptions> = {}, baseURL = `${upstream.url}/v1`): OpenAI {
  const provider = withBaseUrl(openai, `${upstream.url}/v1`);
  governor = createGovernor({
    providers: [provider],
    ledger: createMemoryLedger(),
    attribution: who,
    onError: () => {},
    ...options,
  });
  governor.on(createTelemetry({ tracerProvider, aliases: true }));
  upstream.setReply({ usage });
  return governor.wrap(new OpenAI({ baseURL, apiKey: upstream.apiKey }));
}

const question = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'A secret question' }],
  max_completion_tokens: 100,
};
const ask = (client: OpenAI, more: object = {}): Promise<unknown> =>
  client.chat.completions.create({ ...question, ...more }).catch((error: unknown) => error);

const eventsOf = (span: ReadableSpan | undefined): string[] => span?.events.map(({ name }) => name) ?? [];
const all = ['genops.policy.evaluated', 'genops.budget.reservation', 'genops.budget.reconciliation'];

/** @returns the spans, of which nothing violates the specification */
function units(): readonly ReadableSpan[] {
  const spans = exporter.getFinishedSpans();
  expect(spans).not.toEqual([]);
  expect(checkUnits(spans).filter(({ severity }) => severity === 'violation')).toEqual([]);
  return spans;
}

/** @returns the spans, of which nothing is missing either */
function completeUnits(): readonly ReadableSpan[] {
  const spans = units();
  expect(checkUnits(spans)).toEqual([]);
  return spans;
}

async function eventually(check: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !check(); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('spans of real calls, as Accountable Work Units of the GenOps specification v0.1.0', () => {
  it('are complete for a call that is allowed', async () => {
    await ask(govern());
    const [span] = completeUnits();
    expect(eventsOf(span)).toEqual(all);
    expect(span?.attributes).toMatchObject({
      'genops.policy.result': 'ALLOWED',
      'genops.accounting.actual': 0.00021,
    });
  });

  it('have a reason code when a call is only warned of', async () => {
    const tiny = { id: 'tiny', amount: '0.0000001', window: 'day', mode: 'advisory' } as const;
    await ask(govern({ policy: { limits: [tiny] } }));
    const [span] = completeUnits();
    expect(span?.attributes).toMatchObject({
      'genops.policy.result': 'WARNING',
      'genops.policy.reason_code': 'BUDGET_EXCEEDED',
      'genops.budget.name': 'tiny',
    });
    expect(eventsOf(span)).toEqual(all);
  });

  it.each([
    [
      'by a rule',
      { rules: [{ id: 'no', effect: 'deny', when: { model: '*' } }] },
      'BLOCKED',
      'POLICY_DENY_MODEL',
    ],
    [
      'by a budget',
      { limits: [{ id: 'tiny', amount: '0.0000001', window: 'day' }] },
      'BLOCKED',
      'BUDGET_EXCEEDED',
    ],
    [
      'by a rate limit',
      { limits: [{ id: 'none', unit: 'requests', amount: '0', window: 'day' }] },
      'RATE_LIMITED',
      'RATE_LIMITED',
    ],
  ])('have no accounting when a call is blocked %s', async (_how, policy, result, reason) => {
    await ask(govern({ policy: policy as NonNullable<GovernorOptions['policy']> }));
    const [span] = completeUnits();
    expect(span?.attributes).toMatchObject({
      'genops.spec.version': '0.1.0',
      'genops.policy.result': result,
      'genops.policy.reason_code': reason,
    });
    expect(eventsOf(span)).toEqual(['genops.policy.evaluated']);
  });

  it('are one for each attempt when a call is tried again', async () => {
    const client = govern({ routing: { maxAttempts: 3 } });
    upstream.addRule({ reply: { status: 500, error: { message: 'down' } }, times: 1 });
    await ask(client);
    const spans = completeUnits();
    expect(spans.map(({ attributes }) => attributes['genops.operation.attempt'])).toEqual([1, 2]);
    expect(spans.map((span) => eventsOf(span))).toEqual([all, all]);
    expect(spans.map(({ attributes }) => attributes['genops.accounting.actual'])).toEqual([0, 0.00021]);
    const [first, second] = spans.map(({ startTime, endTime }) => [
      milliseconds(startTime),
      milliseconds(endTime),
    ]);
    // The first does not last until the second is over.
    expect(first?.[1]).toBeLessThanOrEqual((second?.[0] ?? 0) + 1);
  });

  it('are one for each attempt when a call is hedged', async () => {
    const provider = withBaseUrl(openai, `${upstream.url}/v1`);
    const second = await startFakeUpstream();
    const backup = {
      ...withBaseUrl(openai, `${second.url}/v1`),
      id: 'backup',
      priceAs: () => ({ provider: 'openai', model: 'gpt-4o-mini' }),
    };
    const targets = [
      { provider: 'openai' },
      { provider: 'backup', apiKey: { id: 'b', secret: second.apiKey } },
    ];
    const client = govern({
      providers: [provider, backup],
      routing: { hedgeAfterMs: 30, maxAttempts: 2, routes: [{ models: ['gpt-4o-mini'], targets }] },
    });
    upstream.addRule({ reply: { usage, delayMs: 400 }, times: 1 });
    await ask(client);
    await eventually(() => exporter.getFinishedSpans().length === 2);
    await second.close();
    const spans = completeUnits();
    expect(spans.map(({ attributes }) => attributes['gen_ai.provider.name']).sort()).toEqual([
      'backup',
      'openai',
    ]);
  });

  it('are reconciled for a stream that is read to its end, and for one that is left', async () => {
    const client = govern();
    for await (const _ of await client.chat.completions.create({ ...question, stream: true })) {
      // To the end.
    }
    upstream.setReply({ chunks: 200, chunkDelayMs: 5 });
    for await (const _ of await client.chat.completions.create({ ...question, stream: true })) break;
    await eventually(() => exporter.getFinishedSpans().length === 2);
    const [whole, left] = completeUnits();
    expect(eventsOf(whole)).toEqual(all);
    expect(left?.attributes).toMatchObject({
      'genops.outcome': 'cancelled',
      'genops.cost.basis': 'estimated',
    });
    expect(left?.events.at(-1)?.attributes).toMatchObject({ estimated: true });
    expect(whole?.attributes['gen_ai.response.time_to_first_chunk']).toBeGreaterThan(0);
  });

  it('are reconciled to nothing when nothing could be sent', async () => {
    const gone = await startFakeUpstream();
    await gone.close();
    const nowhere = `${gone.url}/v1`;
    await ask(govern({ providers: [withBaseUrl(openai, nowhere)] }, nowhere));
    const [span] = completeUnits();
    expect(span?.attributes['genops.accounting.actual']).toBe(0);
    expect(eventsOf(span)).toEqual(all);
  });

  it('say what is missing when a model has no price, instead of making it up', async () => {
    await ask(govern({ policy: { onUnpriced: 'allow' } }), { model: 'nobody-knows' });
    const [span] = units();
    expect(span?.attributes['genops.cost.basis']).toBe('unpriced');
    expect(span?.attributes['genops.spec.missing']).toEqual([
      'genops.accounting.unit',
      'genops.accounting.reserved',
      'genops.accounting.actual',
    ]);
  });

  it('say what is missing when nobody said for whom a call is', async () => {
    await ask(govern({ attribution: {} }));
    const [span] = units();
    expect(span?.attributes['genops.spec.missing']).toEqual([
      'genops.team',
      'genops.project',
      'genops.environment',
    ]);
  });

  it('are of no cost for an answer out of a gateway’s cache', async () => {
    const client = govern({ providers: [withBaseUrl(helicone, `${upstream.url}/v1`)] });
    upstream.setReply({ usage, headers: { 'helicone-cache': 'HIT', 'helicone-provider': 'OPENAI' } });
    await ask(client, { model: 'gpt-4o-mini/openai' });
    const [span] = completeUnits();
    expect(span?.attributes).toMatchObject({ 'genops.accounting.actual': 0, 'genops.cost.avoided': 0.00021 });
  });

  it('are declared partial for a call that was made elsewhere', async () => {
    govern();
    await governor.recordUsage({
      provider: 'openai',
      model: 'gpt-4o-mini',
      usage: { inputTokens: 1000, outputTokens: 100 },
    });
    const [span] = units();
    expect(span?.attributes['genops.spec.missing']).toEqual(['genops.accounting.reserved']);
  });

  it('are made late, with their reconciliation, when the ledger takes the ending late', async () => {
    const ledger = createMemoryLedger();
    let failures = 2;
    const client = govern({
      ledger: {
        ...ledger,
        settle: (request) => {
          failures -= 1;
          return failures >= 0 ? Promise.reject(new Error('away')) : ledger.settle(request);
        },
      },
    });
    await ask(client);
    await eventually(() => exporter.getFinishedSpans().length > 0);
    const [span] = completeUnits();
    expect(eventsOf(span)).toEqual(all);
  });

  it('carry all attributes of whoever the call is for, and no prompt, answer or key', async () => {
    const client = govern();
    await withAttribution({ customerId: 'acme', tags: { tier: 'gold' } }, () => ask(client));
    const [span] = completeUnits();
    expect(span?.attributes).toMatchObject({ 'genops.customer_id': 'acme', 'genops.tag.tier': 'gold' });
    const everything = JSON.stringify([span?.attributes, span?.events]);
    expect(everything).not.toContain('secret question');
    expect(everything).not.toContain(upstream.apiKey);
  });
});

function milliseconds([seconds, nanoseconds]: readonly [number, number]): number {
  return seconds * 1000 + nanoseconds / 1e6;
}
