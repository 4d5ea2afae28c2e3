import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LedgerEntry, money } from '@genops/core';
import { openSqliteLedger, openSqliteLedgerReader } from '@genops/ledger/sqlite';

// How long questions take on a ledger with many entries: 40 days of them, of 50 teams, 10 models and 1,000 customers.
// `reads.ts [entries]`; ten million take about 10 GB of disk while it runs.

const total = Number(process.argv[2] ?? 1_000_000);
const batch = 5000;
const dayMs = 86_400_000;
const end = Date.parse('2026-08-01T00:00:00Z');
const start = end - 40 * dayMs;

function entryOf(number: number): LedgerEntry {
  const at = new Date(start + Math.floor((number / total) * 40 * dayMs)).toISOString();
  const customer = (number * 7919) % 1000;
  const operationId = `entry-${String(number).padStart(12, '0')}`;
  return {
    id: `${operationId}.1`,
    kind: 'settled',
    at,
    endedAt: at,
    operationId,
    attempt: 1,
    provider: 'openai',
    operation: 'chat',
    requestModel: `model-${number % 10}`,
    stream: false,
    attribution: { team: `team-${customer % 50}`, customerId: `customer-${customer}` },
    decision: { verdict: 'allowed', rules: [], limits: [] },
    usage: { inputTokens: 1000, outputTokens: 100 },
    cost: { result: 'priced', total: money('0.000123456789'), lines: [], basis: 'computed' },
    outcome: 'completed',
    status: 200,
  };
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function time(name: string, action: () => Promise<unknown>): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const started = performance.now();
    await action();
    times.push(performance.now() - started);
  }
  times.sort((left, right) => left - right);
  print(`${name}: ${times[2]?.toFixed(1)} ms (median of 5; slowest ${times[4]?.toFixed(1)} ms)`);
}

const folder = mkdtempSync(join(tmpdir(), 'genops-bench-'));
const path = join(folder, 'ledger.db');
const ledger = await openSqliteLedger({ path, timeoutMs: 60_000 });
const started = performance.now();
for (let written = 0; written < total; written += batch) {
  const numbers = Array.from({ length: Math.min(batch, total - written) }, (_, index) => written + index);
  await Promise.all(numbers.map((number) => ledger.record(entryOf(number))));
}
await ledger.close();
const seconds = (performance.now() - started) / 1000;
print(`${total} entries written in ${seconds.toFixed(0)} s, ${(statSync(path).size / 1e9).toFixed(2)} GB`);

const reader = await openSqliteLedgerReader({ path });
const lastDays = (days: number) => ({ from: new Date(end - days * dayMs).toISOString() });
await time('sum by team for 30 days', () => reader.sum({ by: ['team'], filter: lastDays(30) }));
await time('sum by team and model for 30 days', () =>
  reader.sum({ by: ['team', 'model'], filter: lastDays(30) }),
);
await time('sum of one customer for 30 days', () =>
  reader.sum({ by: [], filter: { ...lastDays(30), match: { customerId: ['customer-7'] } } }),
);
await time('30 daily sums by team in a zone of half hours', async () => {
  for (let day = 0; day < 30; day += 1) {
    const from = end - (day + 1) * dayMs + 5.5 * 3_600_000;
    await reader.sum({
      by: ['team'],
      filter: { from: new Date(from).toISOString(), until: new Date(from + dayMs).toISOString() },
    });
  }
});
await time('first page of 100 entries', () => reader.entries());
await time('last page of a day of one customer', () =>
  reader.entries({ filter: { ...lastDays(1), match: { customerId: ['customer-7'] } } }),
);
await time('one operation', () =>
  reader.entries({ filter: { operationId: `entry-${String(total - 1).padStart(12, '0')}` } }),
);
await reader.close();
rmSync(folder, { recursive: true });
