import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createErrorRates,
  eachEntry,
  exportFocus,
  forecast,
  recommend,
  summarize,
  whatIf,
} from '@genops/insights';
import { openSqliteLedger, openSqliteLedgerReader } from '@genops/ledger/sqlite';
import { prices } from '../test/prices.ts';
import { traffic, trafficFrom, trafficUntil } from '../test/traffic.ts';

// How long questions take on a ledger with many entries, and how much memory they need: `million.ts [entries]`.
// Entries are read page by page, so the peak should hardly depend on how many there are.

const wanted = Number(process.argv[2] ?? 1_000_000);
const perScale = 9600;
const batch = 5000;
const megabyte = 1_048_576;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Of the process since it began, in megabytes. */
function peak(): string {
  return `${Math.round(process.resourceUsage().maxRSS / 1024)} MB`;
}

/** Fills the ledger; in a process of its own, so that its memory is not counted. */
async function write(path: string): Promise<void> {
  const writer = await openSqliteLedger({ path, timeoutMs: 120_000 });
  let written = 0;
  let waiting: Promise<unknown>[] = [];
  for (const entry of traffic(1, wanted / perScale)) {
    waiting.push(writer.record(entry));
    written += 1;
    if (waiting.length < batch) continue;
    await Promise.all(waiting);
    waiting = [];
  }
  await Promise.all(waiting);
  await writer.close();
  print(`${written} entries written`);
}

if (process.argv[3] !== undefined) {
  await write(process.argv[3]);
  process.exit();
}

const folder = mkdtempSync(join(tmpdir(), 'genops-bench-'));
const path = join(folder, 'ledger.db');
execFileSync(process.execPath, [...process.execArgv, import.meta.filename, String(wanted), path], {
  stdio: 'inherit',
});
print(
  `${Math.round(statSync(path).size / megabyte)} MB on disk; peak RSS before the first question ${peak()}`,
);

const ledger = await openSqliteLedgerReader({ path });
const span = { from: trafficFrom, until: trafficUntil };

async function time(name: string, ask: () => Promise<string>): Promise<void> {
  const begun = performance.now();
  const answer = await ask();
  const seconds = (performance.now() - begun) / 1000;
  print(`${name}: ${seconds.toFixed(1)} s, peak RSS ${peak()} (${answer})`);
}

await time('read every entry', async () => {
  let count = 0;
  for await (const _ of eachEntry(ledger)) count += 1;
  return `${count} entries`;
});
await time('summarize by team and model, from sums', async () => {
  const { rows } = await summarize(ledger, { by: ['team', 'model'], ...span, details: 'none' });
  return `${rows.length} rows`;
});
await time('summarize by team and model, with details', async () => {
  const { rows } = await summarize(ledger, { by: ['team', 'model'], ...span });
  return `${rows.length} rows`;
});
await time(
  'forecast to the end of the month',
  async () => (await forecast(ledger, { now: '2026-08-22T12:00:00Z' })).result,
);
await time('recommend', async () => {
  const { recommendations, calls } = await recommend(ledger, { prices, ...span });
  return `${recommendations.length} recommendations from ${calls} calls`;
});
await time('what if everything were 10 % cheaper', async () => {
  const { scenarios } = await whatIf(ledger, {
    pricing: prices,
    scenarios: [{ name: 'x', discount: '0.1' }],
  });
  return `${scenarios[0]?.changed} calls priced again`;
});
await time('error rates', async () => {
  const rates = createErrorRates();
  for await (const entry of eachEntry(ledger)) rates.see(entry);
  return `${rates.rates().length} models`;
});
await time('export as FOCUS 1.3 CSV', async () => {
  let bytes = 0;
  for await (const line of exportFocus(ledger, { billingAccount: { id: 'acme' } })) bytes += line.length;
  return `${Math.round(bytes / megabyte)} MB`;
});
await ledger.close();
rmSync(folder, { recursive: true });
