import { type Collector, startCollector } from '@genops/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { emptyDirectory, runProgram } from './program.ts';
import { type ProxyUnderTest, proxyUnderTest } from './running-proxy.ts';

let collector: Collector;
let under: ProxyUnderTest | undefined;
beforeAll(async () => {
  collector = await startCollector();
});
afterAll(() => collector.close());
afterEach(async () => {
  await under?.close();
  under = undefined;
});

const question = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'A secret question' }],
  max_completion_tokens: 20,
};
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';

async function metricsOf({ proxy }: ProxyUnderTest, headers: Record<string, string> = {}) {
  const response = await fetch(`${proxy.url}/metrics`, { headers });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

describe('GET /metrics', () => {
  it('tells of calls in Prometheus’ format, by our names', async () => {
    under = await proxyUnderTest({ telemetry: { prometheus: true } });
    await under.client.chat.completions.create(question);
    const { status, type, text } = await metricsOf(under);
    expect(status).toBe(200);
    expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text).toMatch(/^genops_cost_total\{.*genops_team="search".*\} [\d.e-]+$/m);
    expect(text).toMatch(/^gen_ai_client_operation_duration_bucket\{.*le="0.01"\} \d+$/m);
    expect(text).toMatch(/^process_resident_memory_bytes\{service="genops-proxy"\} \d+$/m);
    expect(text).not.toContain('genops_cost_total_usd');
    expect(text).not.toContain('secret question');
  });

  it('has the names of other dashboards when they are asked for', async () => {
    under = await proxyUnderTest({ telemetry: { prometheus: true, aliases: ['genops'] } });
    await under.client.chat.completions.create(question);
    const { text } = await metricsOf(under);
    expect(text).toMatch(/^genops_cost_total_usd\{.*team="search".*\} /m);
    expect(text).toMatch(/^genops_cost_total\{.*provider="openai".*\} /m);
  });

  it('is not there unless it is asked for', async () => {
    under = await proxyUnderTest();
    expect((await metricsOf(under)).status).toBe(401);
  });

  it('asks for its token where it has one, and a virtual key is none', async () => {
    under = await proxyUnderTest(
      { telemetry: { prometheus: { token: 'env:METRICS_TOKEN' } } },
      { METRICS_TOKEN: 'scrape-me' },
    );
    expect((await metricsOf(under)).status).toBe(401);
    expect((await metricsOf(under, { authorization: 'Bearer gk-test-0123456789abcdef' })).status).toBe(401);
    expect((await metricsOf(under, { authorization: 'Bearer scrape-me' })).status).toBe(200);
  });

  it('takes nothing but GET', async () => {
    under = await proxyUnderTest({ telemetry: { prometheus: true } });
    const response = await fetch(`${under.proxy.url}/metrics`, { method: 'POST', body: 'x' });
    expect(response.status).toBe(405);
  });
});

describe('telemetry of the proxy', () => {
  it('goes to a collector, below the span of whoever called, and no provider is told of the trace', async () => {
    under = await proxyUnderTest(
      {
        telemetry: { otlp: { endpoint: collector.url, headers: { 'x-honeycomb-team': 'env:HONEYCOMB' } } },
      },
      { HONEYCOMB: 'a-key' },
    );
    const traceparent = `00-${traceId}-${parentId}-01`;
    await under.client.chat.completions.create(question, {
      headers: { traceparent, tracestate: 'vendor=1' },
    });
    const [asked] = under.upstream.requests;
    await under.close();
    under = undefined;
    expect(collector.spans()).toMatchObject([
      { traceId, parentSpanId: parentId, attributes: { 'genops.team': 'search', 'genops.key_id': 'search' } },
    ]);
    expect(collector.requests[0]?.headers['x-honeycomb-team']).toBe('a-key');
    expect(collector.metricNames()).toContain('genops.operations');
    expect(asked?.headers).not.toHaveProperty('traceparent');
  });

  it('takes a trace that is none for no trace', async () => {
    under = await proxyUnderTest({ telemetry: { otlp: { endpoint: collector.url } } });
    await under.client.chat.completions.create(question, { headers: { traceparent: 'not-a-trace' } });
    await under.close();
    under = undefined;
    expect(collector.spans().at(-1)?.parentSpanId).toBeFalsy();
  });

  it('costs no call and no entry when the collector hangs, and does not hold up the end', async () => {
    collector.behave('hang');
    under = await proxyUnderTest({
      telemetry: { otlp: { endpoint: collector.url }, batch: { scheduledDelayMs: 10 } },
    });
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => under?.client.chat.completions.create(question)),
    );
    expect(answers).toHaveLength(30);
    const [sum] = await under.proxy.governor.ledger.sum({ by: [] });
    expect(sum?.entries).toBe(30);
    const begin = performance.now();
    await under.close();
    under = undefined;
    expect(performance.now() - begin).toBeLessThan(10_000);
    collector.behave('take');
  });

  it.each([
    [{ prompts: 'always' }, 'telemetry.prompts'],
    [{ otlp: { endpoint: 'collector:4318' } }, 'telemetry.otlp.endpoint'],
    [{ otlp: { endpoint: 'http://x', headers: { key: 'a secret' } } }, 'telemetry.otlp.headers.key'],
    [{ aliases: ['datadog'] }, 'telemetry.aliases'],
    [{ spanSampleRatio: 2 }, 'telemetry.spanSampleRatio'],
    [{ dimensions: ['colour'] }, 'dimensions'],
  ])('does not start with %j', async (telemetry, path) => {
    await expect(
      proxyUnderTest({ telemetry: { ...telemetry, ...('dimensions' in telemetry && { prometheus: true }) } }),
    ).rejects.toThrow(path);
  });
});

describe('debug', () => {
  it('writes a line for each call, without prompts and keys', async () => {
    under = await proxyUnderTest({
      debug: true,
      rules: [{ id: 'no-legacy', effect: 'deny', when: { model: 'gpt-3.5*' } }],
    });
    await under.client.chat.completions.create(question);
    await under.client.chat.completions.create({ ...question, model: 'gpt-3.5-turbo' }).catch(() => {});
    expect(under.lines).toHaveLength(2);
    expect(under.lines[0]).toMatch(
      /^genops settled op=op_\S+ team=search project=ranking key=search chat=openai\/gpt-4o-mini verdict=allowed outcome=completed status=200 cost=[\d.]+USD basis=computed held=[\d.]+ tokens=\d+\+\d+ ms=\d+\n$/,
    );
    expect(under.lines[1]).toMatch(
      /^genops refused .* verdict=blocked reason=POLICY_DENY_MODEL rules=no-legacy /,
    );
    expect(under.lines.join('')).not.toMatch(/secret|sk-fake|gk-test/);
  });

  it('is switched on by GENOPS_DEBUG, to standard error', async () => {
    const program = runProgram(['--port', '0', '--data', await emptyDirectory()], {
      GENOPS_DEBUG: '1',
      GENOPS_STARTER_KEY: 'gk-debug-0123456789abcdef',
    });
    const url = await program.url;
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer gk-debug-0123456789abcdef', 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'simulated-small', messages: [{ role: 'user', content: 'Hello' }] }),
    });
    await response.text();
    program.process.kill('SIGTERM');
    await program.exited;
    expect(program.errors()).toMatch(/^genops settled op=\S+ team=starter /m);
  });

  it('is off when the environment says so, and refuses a word that is none', async () => {
    under = await proxyUnderTest({ debug: true }, { GENOPS_DEBUG: '0' });
    await under.client.chat.completions.create(question);
    expect(under.lines).toEqual([]);
    await expect(proxyUnderTest({}, { GENOPS_DEBUG: 'verbose' })).rejects.toThrow('GENOPS_DEBUG');
  });
});
