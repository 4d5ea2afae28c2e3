import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMemoryLedger } from '@genops/ledger/memory';
import { checkConfig, type RunningProxy, startProxy } from '@genops/proxy';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createPerson, genops as run, yes } from '../test/genops.ts';
import { percentiles } from './load/summary.ts';

let upstream: FakeUpstream;
let proxy: RunningProxy;
const environment = { LOAD_KEY: 'gk-test-0123456789abcdef' };

/** 10 in, 10 out of gpt-4o-mini: 0.0000075. */
const usage = { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 };

beforeAll(async () => {
  upstream = await startFakeUpstream({ apiKey: environment.LOAD_KEY });
  proxy = await startProxy({
    config: checkConfig({
      server: { port: 0 },
      providers: [{ type: 'openai', baseUrl: `${upstream.url}/v1`, apiKey: 'env:UPSTREAM_KEY' }],
      virtualKeys: [{ id: 'load', secret: 'env:LOAD_KEY' }],
      limits: [{ id: 'few', unit: 'requests', amount: '30', window: 'lifetime' }],
    }),
    ledger: createMemoryLedger(),
    environment: { UPSTREAM_KEY: upstream.apiKey, ...environment },
    onError: (error) => {
      throw error;
    },
  });
});
afterAll(async () => {
  await proxy.close();
  await upstream.close();
});
afterEach(() => upstream.reset());

const loadtest = (url: string, ...values: string[]) =>
  run('/nowhere', ['loadtest', url, '--key-env', 'LOAD_KEY', ...values], { environment });
const throughProxy = (...values: string[]) => loadtest(`${proxy.url}/v1`, ...values);

describe('genops loadtest', () => {
  it('measures throughput, latency, first tokens and cost, whole and streamed', async () => {
    upstream.setReply({ usage });
    const { code, output } = await throughProxy(
      '--requests',
      '20',
      '--stream',
      '25',
      '--concurrency',
      '4',
      '--json',
    );
    const document = JSON.parse(output);
    expect(code).toBe(0);
    expect(document).toMatchObject({
      requests: 20,
      completed: 20,
      failures: {},
      unpriced: 0,
      cost: { amount: '0.00015', currency: 'USD' },
    });
    expect(
      upstream.requests.filter(({ json }) => (json as { stream?: boolean }).stream === true),
    ).toHaveLength(5);
    const { p50, p95, p99, max } = document.latencyMs;
    expect(0 < p50 && p50 <= p95 && p95 <= p99 && p99 <= max).toBe(true);
    expect(document.firstTokenMs.p50).toBeGreaterThan(0);
    expect(output).not.toContain(environment.LOAD_KEY);
  });

  it('counts refusals by their reason, and ends with 1', async () => {
    upstream.setReply({ usage });
    const { code, output } = await throughProxy('--requests', '20');
    expect(code).toBe(1);
    expect(output).toMatch(/20 in \S+ s, 10 completed/);
    expect(output).toMatch(/429 rate_limited +10/);
    expect(Math.max(...output.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('really has so many under way, and no more', async () => {
    upstream.holdResponses();
    const running = loadtest(`${upstream.url}/v1`, '--requests', '9', '--concurrency', '3', '--json');
    await upstream.waitForHeld(3);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(upstream.held).toBe(3);
    upstream.releaseAll();
    expect(JSON.parse((await running).output).requests).toBe(9);
  });

  it('begins by the clock with a rate, and counts from when a request was due', async () => {
    upstream.setReply({ usage, delayMs: 50 });
    // One at a time takes 50 ms each, so every request is due long before there is room for it.
    const { output } = await loadtest(
      `${upstream.url}/v1`,
      ...['--requests', '6', '--rate', '1000', '--concurrency', '1', '--json'],
    );
    expect(JSON.parse(output).latencyMs.max).toBeGreaterThan(250);
    const slow = JSON.parse(
      (await loadtest(`${upstream.url}/v1`, '--requests', '5', '--rate', '20', '--json')).output,
    );
    expect(slow.seconds).toBeGreaterThan(0.2);
  });

  it('ends when its time is over', async () => {
    upstream.setReply({ usage, delayMs: 20 });
    const { output } = await loadtest(
      `${upstream.url}/v1`,
      ...['--requests', '100000', '--duration', '0.3', '--concurrency', '2', '--json'],
    );
    const { requests, notBegun, seconds } = JSON.parse(output);
    expect(requests).toBeGreaterThan(0);
    expect(requests + notBegun).toBe(100_000);
    expect(seconds).toBeLessThan(5);
  });

  it('names what went wrong: nobody there, a stream that broke off, a provider that fails', async () => {
    const closed = await freePort();
    expect((await loadtest(`http://127.0.0.1:${closed}/v1`, '--requests', '2')).output).toMatch(
      /ECONNREFUSED +2/,
    );
    upstream.setReply({ status: 503, error: { message: 'down' } });
    expect((await loadtest(`${upstream.url}/v1`, '--requests', '2')).output).toMatch(/503 \w+ +2/);
    upstream.setReply({ chunks: 5, fault: { kind: 'no_end' } });
    const broken = await loadtest(`${upstream.url}/v1`, '--requests', '2', '--stream', '100');
    expect(broken.output).toMatch(/stream broke off +2/);
    upstream.setReply({ delayMs: 5_000 });
    const late = await loadtest(`${upstream.url}/v1`, '--requests', '1', '--timeout', '0.2');
    expect(late.output).toMatch(/timeout +1/);
  });

  it('stays on this machine unless somebody agrees to what it may cost', async () => {
    const remote = 'https://api.openai.com/v1';
    const refused = await loadtest(remote);
    expect(refused).toMatchObject({
      code: 2,
      errors: expect.stringMatching(/api\.openai\.com is not this machine/),
    });
    const unasked = await loadtest(remote, '--allow-remote');
    expect(unasked.code).toBe(2);
    expect(unasked.errors).toMatch(/100 requests to api\.openai\.com cost at most \S+ USD: --agree/);
    expect((await loadtest(remote, '--allow-remote', '--agree', '0.0001')).errors).toMatch(
      /--agree: .*at most/,
    );
    expect((await loadtest(remote, '--allow-remote', '--model', 'nobody-knows')).errors).toMatch(
      /no price is known/,
    );
    const person = createPerson();
    const asked = run('/nowhere', ['loadtest', remote, '--allow-remote'], {
      environment,
      terminal: person.terminal,
    });
    await person.answer('Begin?', 'n');
    expect((await asked).errors).toMatch(/nothing was sent/);
  });

  it('goes on after a yes, and agrees in advance to no less than the quote', async () => {
    upstream.setReply({ usage });
    // Not a loopback name, yet this machine: nothing leaves it.
    const url = `${upstream.url.replace('127.0.0.1', '0.0.0.0')}/v1`;
    const person = createPerson();
    const asked = run(
      '/nowhere',
      ['loadtest', url, '--key-env', 'LOAD_KEY', '--requests', '2', '--allow-remote'],
      {
        environment,
        terminal: person.terminal,
      },
    );
    await person.answer('Begin?', yes);
    expect((await asked).output).toMatch(/2 completed/);
    const agreed = await loadtest(url, '--requests', '2', '--allow-remote', '--agree', '1');
    expect(agreed).toMatchObject({ code: 0 });
  });

  it.each([
    ['--requests', '0'],
    ['--requests', '100001'],
    ['--requests', '1.5'],
    ['--duration', '1e9'],
    ['--concurrency', '-1'],
    ['--stream', '101'],
    ['--rate', 'fast'],
    ['--key-env', 'NOT_SET'],
  ])('refuses %s %s', async (option, value) => {
    const { code, errors } = await loadtest('http://127.0.0.1:1/v1', option, value);
    expect(code).toBe(2);
    expect(errors).toContain(option);
  });
});

describe('percentiles', () => {
  it('are values that were measured, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1 }), (values) => {
        const found = percentiles(values);
        if (found === undefined) return false;
        const { p50, p95, p99, max } = found;
        const atMost = (share: number, value: number) =>
          values.filter((one) => one <= value).length >= values.length * share;
        return (
          [p50, p95, p99, max].every((value) => values.includes(value)) &&
          p50 <= p95 &&
          p95 <= p99 &&
          max === Math.max(...values) &&
          atMost(0.5, p50) &&
          atMost(0.95, p95)
        );
      }),
    );
    expect(percentiles([])).toBeUndefined();
  });
});

async function freePort(): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
