// Compares the governed proxy with a bare pass-through: same machine, same upstream, alternating rounds.
// Usage: node bench/run.ts [--rounds 5] [--seconds 3] [--connections 64] [--only bare]

import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { startGoverned, virtualKey } from './governed.ts';
import type { LoadJob, LoadResult } from './load.ts';
import { pinned, type Running, start, startServer } from './processes.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    only: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const connections = Number(values.connections);

/** Something that stands between the load and the upstream. */
interface Subject {
  readonly name: string;
  readonly apiKey: string;
  start(upstreamUrl: string): Promise<Running>;
}

const subjects: readonly Subject[] = [
  {
    name: 'bare',
    apiKey: 'sk-fake',
    start: (upstreamUrl) => startServer('subject', new URL('./bare.ts', import.meta.url), [upstreamUrl]),
  },
  { name: 'governed', apiKey: virtualKey, start: startGoverned },
];

/** What callers send: small, streamed, and large. */
const scenarios: readonly { readonly name: string; readonly body: string }[] = [
  { name: 'small JSON', body: chat('What time is it?', {}) },
  {
    name: 'stream',
    body: chat('What time is it?', { stream: true, stream_options: { include_usage: true } }),
  },
  { name: '256 KB prompt', body: chat('What time is it, and why? '.repeat(10_083), {}) },
];

interface Measurement extends LoadResult {
  readonly cpuUsPerRequest: number;
}

const chosen = subjects.filter(({ name }) => values.only === undefined || values.only === name);
const upstream = await startServer('others', new URL('./upstream.ts', import.meta.url));
const load = start('others', new URL('./load.ts', import.meta.url), [], { ipc: true });
const running: { readonly subject: Subject; readonly server: Running }[] = [];
for (const subject of chosen) running.push({ subject, server: await subject.start(upstream.url) });

print(
  `Node ${process.version}, ${connections} connections, median of ${rounds} alternating rounds of ${seconds} s`,
);
print(
  pinned ? 'Each subject runs on the first core; load and upstream share the others.' : 'Cores are shared.',
);
for (const { name, body } of scenarios) {
  for (const one of running) await measure(one.subject, one.server, body, 1);
  const results = new Map<string, Measurement[]>(chosen.map((subject) => [subject.name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const { subject, server } of running) {
      results.get(subject.name)?.push(await measure(subject, server, body, seconds));
    }
  }
  report(name, results);
}

load.kill();
await Promise.all(running.map(({ server }) => server.stop()));
await upstream.stop();

async function measure(
  subject: Subject,
  server: Running,
  body: string,
  duration: number,
): Promise<Measurement> {
  const before = server.cpuUs();
  const job: LoadJob = { url: server.url, apiKey: subject.apiKey, body, connections, seconds: duration };
  load.send(job);
  const [result] = (await once(load, 'message')) as [LoadResult];
  if (result.failures > 0 || result.requests === 0) {
    throw new Error(
      `${subject.name}: ${result.failures} of ${result.requests + result.failures} calls failed`,
    );
  }
  const cpuUs = (server.cpuUs() ?? Number.NaN) - (before ?? Number.NaN);
  return { ...result, cpuUsPerRequest: cpuUs / result.requests };
}

function report(scenario: string, results: ReadonlyMap<string, readonly Measurement[]>): void {
  const column = (text: string): string => text.padStart(12);
  print(`\n${scenario.padEnd(14)}${['requests/s', 'CPU µs/req', 'p50 ms', 'p99 ms'].map(column).join('')}`);
  for (const [subject, rows] of results) {
    const cells = [
      median(rows.map(rate)).toFixed(0),
      median(rows.map((row) => row.cpuUsPerRequest)).toFixed(1),
      median(rows.map((row) => row.p50Ms)).toFixed(2),
      median(rows.map((row) => row.p99Ms)).toFixed(2),
    ];
    print(`  ${subject.padEnd(12)}${cells.map(column).join('')}`);
  }
  const bare = results.get('bare');
  const governed = results.get('governed');
  if (bare === undefined || governed === undefined) return;
  // Neighbouring rounds are compared, so that a slow moment of the machine touches both.
  const byRound = (value: (row: Measurement) => number): number[] =>
    governed.map((row, round) => value(row) / value(bare[round] ?? row));
  const throughput = median(byRound(rate)).toFixed(2);
  const cpu = median(byRound((row) => row.cpuUsPerRequest)).toFixed(2);
  print(`  governed ÷ bare: requests/s ${throughput}, CPU ${cpu}`);
}

function rate(row: LoadResult): number {
  return row.requests / row.seconds;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function chat(content: string, options: object): string {
  return JSON.stringify({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content }],
    max_tokens: 100,
    ...options,
  });
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
