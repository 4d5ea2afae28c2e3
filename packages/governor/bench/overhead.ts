// What governance adds to one call of the official client: bare and governed clients take turns in one process,
// against the same upstream. Usage: node bench/overhead.ts [--rounds 40] [--calls 25]

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createGovernor, type GovernorOptions } from '@genops/governor';
import type { Ledger } from '@genops/ledger';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { openai } from '@genops/openai';
import OpenAI from 'openai';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '40' }, calls: { type: 'string', default: '25' } },
});
const rounds = Number(values.rounds);
const callsPerRound = Number(values.calls);

type Client = Pick<OpenAI, 'chat'>;

/** What is governed: everything on, with limits that bind and never refuse. */
const governed = {
  providers: [openai],
  attribution: { team: 'search', project: 'bench', environment: 'production' },
  policy: {
    limits: [
      { id: 'search-monthly', amount: '1000000', window: 'month', scope: { match: { team: 'search' } } },
      { id: 'daily-requests', unit: 'requests', amount: '1000000000', window: 'day' },
    ],
    rules: [{ id: 'no-legacy', effect: 'deny', when: { model: 'gpt-3.5*' } }],
  },
} as const satisfies GovernorOptions;

/** What is asked. */
const scenarios: readonly { readonly name: string; readonly prompt: string; readonly stream: boolean }[] = [
  { name: 'small', prompt: 'What time is it?', stream: false },
  { name: 'stream', prompt: 'What time is it?', stream: true },
  { name: '256 KB prompt', prompt: 'What time is it, and why? '.repeat(10_083), stream: false },
];

const directory = await mkdtemp(join(tmpdir(), 'genops-overhead-'));
const upstream = await startUpstream();
const bare = new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: 'sk-fake', maxRetries: 0 });
const ledgers: Readonly<Record<string, Ledger>> = {
  'governed, memory': createMemoryLedger(),
  'governed, SQLite': await openSqliteLedger({ path: join(directory, 'ledger.db') }),
};
const governors = Object.entries(ledgers).map(
  ([name, ledger]) => [name, createGovernor({ ...governed, ledger })] as const,
);
const clients = new Map<string, Client>([
  ['bare', bare],
  ...governors.map(([name, governor]) => [name, governor.wrap(bare, { provider: openai })] as const),
]);

print(`Node ${process.version}, ${rounds} alternating rounds of ${callsPerRound} calls, one after another`);
for (const { name, prompt, stream } of scenarios) {
  const durations = new Map<string, number[]>([...clients.keys()].map((client) => [client, []]));
  for (let round = -2; round < rounds; round += 1) {
    for (const [client, api] of clients) {
      for (let call = 0; call < callsPerRound; call += 1) {
        const startedAt = performance.now();
        await ask(api, prompt, stream);
        // The first rounds warm up.
        if (round >= 0) durations.get(client)?.push((performance.now() - startedAt) * 1000);
      }
    }
  }
  report(name, durations);
}

await Promise.all(governors.map(([, governor]) => governor.close()));
upstream.stop();
await rm(directory, { recursive: true, force: true });

async function ask(client: Client, content: string, stream: boolean): Promise<void> {
  const question = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content }], max_tokens: 100 };
  if (!stream) {
    await client.chat.completions.create(question);
    return;
  }
  for await (const _ of await client.chat.completions.create({ ...question, stream: true })) {
    // To the end.
  }
}

function report(scenario: string, durations: ReadonlyMap<string, readonly number[]>): void {
  const column = (text: string): string => text.padStart(14);
  const columns = ['median µs', 'p95 µs', 'added median', 'added p95', 'ratio'];
  print(`\n${scenario.padEnd(18)}${columns.map(column).join('')}`);
  const base = durations.get('bare') ?? [];
  for (const [client, own] of durations) {
    const [median, p95] = [percentile(own, 0.5), percentile(own, 0.95)];
    const added = client === 'bare' ? ['', '', ''] : addedTo(base, median, p95);
    const cells = [median.toFixed(0), p95.toFixed(0), ...added];
    print(`  ${client.padEnd(16)}${cells.map(column).join('')}`);
  }
}

function addedTo(base: readonly number[], median: number, p95: number): string[] {
  return [
    (median - percentile(base, 0.5)).toFixed(0),
    (p95 - percentile(base, 0.95)).toFixed(0),
    (median / percentile(base, 0.5)).toFixed(2),
  ];
}

function percentile(values: readonly number[], share: number): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length * share)] ?? Number.NaN;
}

async function startUpstream(): Promise<{ readonly url: string; readonly stop: () => void }> {
  const program = fileURLToPath(new URL('./upstream.ts', import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('exit', () => child.kill());
  for await (const url of createInterface(child.stdout)) return { url, stop: () => child.kill() };
  throw new Error('The upstream ended before it said where it is');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
