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
const warmUpRounds = 20;

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

/** What was measured of one client. */
interface Measured {
  /** Of each call. */
  readonly durationsUs: number[];
  /** Of each round, per call: time on all cores, which a busy machine does not stretch. */
  readonly cpuUs: number[];
}

print(`Node ${process.version}, ${rounds} alternating rounds of ${callsPerRound} calls, one after another`);
for (const { name, prompt, stream } of scenarios) {
  const measured = new Map<string, Measured>(
    [...clients.keys()].map((client) => [client, { durationsUs: [], cpuUs: [] }]),
  );
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    for (const [client, api] of clients) {
      const { durationsUs, cpuUs } = await measureRound(api, prompt, stream);
      // Code gets fast only after it has run a while.
      if (round < 0) continue;
      measured.get(client)?.durationsUs.push(...durationsUs);
      measured.get(client)?.cpuUs.push(...cpuUs);
    }
  }
  report(name, measured);
}

await Promise.all(governors.map(([, governor]) => governor.close()));
upstream.stop();
await rm(directory, { recursive: true, force: true });

async function measureRound(client: Client, prompt: string, stream: boolean): Promise<Measured> {
  const durationsUs: number[] = [];
  const before = process.cpuUsage();
  for (let call = 0; call < callsPerRound; call += 1) {
    const startedAt = performance.now();
    await ask(client, prompt, stream);
    durationsUs.push((performance.now() - startedAt) * 1000);
  }
  const { user, system } = process.cpuUsage(before);
  return { durationsUs, cpuUs: [(user + system) / callsPerRound] };
}

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

function report(scenario: string, measured: ReadonlyMap<string, Measured>): void {
  const column = (text: string): string => text.padStart(14);
  const columns = ['median µs', 'p95 µs', 'CPU µs', 'added median', 'added p95', 'added CPU'];
  print(`\n${scenario.padEnd(18)}${columns.map(column).join('')}`);
  const base = figuresOf(measured.get('bare'));
  for (const [client, own] of measured) {
    const figures = figuresOf(own);
    const added = client === 'bare' ? [] : figures.map((figure, index) => figure - (base[index] ?? 0));
    print(
      `  ${client.padEnd(16)}${[...figures, ...added].map((figure) => column(figure.toFixed(0))).join('')}`,
    );
  }
}

function figuresOf({ durationsUs, cpuUs }: Measured = { durationsUs: [], cpuUs: [] }): readonly number[] {
  return [percentile(durationsUs, 0.5), percentile(durationsUs, 0.95), percentile(cpuUs, 0.5)];
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
