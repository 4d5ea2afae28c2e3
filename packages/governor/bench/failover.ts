// What happens when providers fail, measured over real sockets: attempts for each call, and how long callers wait
// beyond their deadline. Usage: node bench/failover.ts [--calls 500]

import { parseArgs } from 'node:util';
import { type Provider, withBaseUrl } from '@genops/core';
import { createGovernor, type RoutingOptions } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import { type FakeUpstream, type Reply, startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';

const { values } = parseArgs({ options: { calls: { type: 'string', default: '500' } } });
const calls = Number(values.calls);

const first = await startFakeUpstream();
const second = await startFakeUpstream();
const backup: Provider = {
  ...withBaseUrl(openai, `${second.url}/v1`),
  id: 'backup',
  priceAs: (model) => ({ provider: 'openai', model }),
};
const routes = [
  {
    models: ['*'],
    targets: [{ provider: 'openai' }, { provider: 'backup', apiKey: { id: 'b', secret: second.apiKey } }],
  },
];
const question = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'Hi' }],
  max_completion_tokens: 20,
};

interface Figures {
  readonly succeeded: number;
  readonly attempts: number;
  readonly slowestMs: number;
}

async function run(
  many: number,
  routing: RoutingOptions,
  options: { readonly stream?: boolean; readonly timeoutMs?: number } = {},
): Promise<Figures> {
  const governor = createGovernor({
    providers: [openai, backup],
    ledger: createMemoryLedger(),
    routing: { strategy: 'failover', seed: 'bench', routes, ...routing },
    timeoutMs: options.timeoutMs ?? 10_000,
  });
  const client = governor.wrap(new OpenAI({ baseURL: `${first.url}/v1`, apiKey: first.apiKey }), {
    provider: openai,
  });
  let succeeded = 0;
  let slowestMs = 0;
  for (let call = 0; call < many; call += 1) {
    const started = performance.now();
    try {
      const answer = await client.chat.completions.create({ ...question, stream: options.stream ?? false });
      if ('controller' in answer) for await (const _ of answer);
      succeeded += 1;
    } catch {
      // Counted by not being counted.
    }
    slowestMs = Math.max(slowestMs, performance.now() - started);
  }
  await governor.close();
  const attempts = first.requests.length + second.requests.length;
  first.reset();
  second.reset();
  return { succeeded, attempts, slowestMs };
}

const print = (...cells: readonly string[]): void => {
  const padded = cells.map((cell, index) => (index === 0 ? cell.padEnd(58) : cell.padStart(16)));
  process.stdout.write(`${padded.join('')}\n`);
};

const fail = (upstream: FakeUpstream, every: number): void => {
  let seen = 0;
  upstream.addRule({
    when: () => {
      seen += 1;
      return seen % every === 0;
    },
    reply: { status: 503 },
  });
};

const warm = await run(50, {});
if (warm.succeeded !== 50) throw new Error('The upstreams do not answer');

print('attempts for each call', 'attempts', 'succeeded');
const quick = { backOff: { baseMs: 1 }, maxWaitMs: 50 };
const failBoth = (): void => {
  fail(first, 1);
  fail(second, 1);
};
const rows: readonly (readonly [string, () => void, RoutingOptions])[] = [
  ['nothing fails', () => undefined, {}],
  ['every 20th request to the first fails', () => fail(first, 20), {}],
  ['the first fails always (its breaker opens)', () => fail(first, 1), {}],
  ['both fail always, breakers as they are', failBoth, {}],
  ['both fail always, breakers never open', failBoth, { breaker: { failures: 1_000_000 } }],
];
for (const [name, prepare, routing] of rows) {
  prepare();
  const { attempts, succeeded } = await run(calls, { ...quick, ...routing });
  print(name, `${(attempts / calls).toFixed(3)} ×`, `${succeeded}/${calls}`);
}

print('', '');
print('longest wait, with a deadline of 400 ms', 'over it, ms');
const faults: readonly (readonly [string, Reply, boolean])[] = [
  ['no answer', { fault: { kind: 'hang', after: 'request' } }, false],
  ['headers and nothing more', { fault: { kind: 'hang', after: 'headers' } }, false],
  ['a stream that stalls before its first token', { fault: { kind: 'hang', after: 1 } }, true],
  ['a stream that stalls after it', { fault: { kind: 'hang', after: 3 } }, true],
  ['a first answer after a minute', { delayMs: 60_000 }, false],
  ['429 and a minute to wait', { status: 429, headers: { 'retry-after': '60' } }, false],
  ['a connection that is reset', { fault: { kind: 'reset', after: 'request' } }, false],
  ['500', { status: 500 }, false],
];
for (const [name, reply, stream] of faults) {
  first.setReply(reply);
  second.setReply(reply);
  const { slowestMs } = await run(10, { breaker: { failures: 1_000_000 } }, { stream, timeoutMs: 400 });
  print(name, Math.max(0, slowestMs - 400).toFixed(1));
}

await first.close();
await second.close();
