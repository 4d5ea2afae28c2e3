// What many calls leave behind: one session that stays open, entries on disk, the heap after every part. A heap
// that grew with the calls would grow from part to part.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { concurrently } from '../src/index.ts';
import { print, setUp } from './setting.ts';

/** `GENOPS_BENCH_MEMORY_CALLS=1000000` is the seed's million. */
const calls = Number(process.env['GENOPS_BENCH_MEMORY_CALLS'] ?? 40_000);
const parts = 4;
const directory = await mkdtemp(join(tmpdir(), 'genops-bench-'));
const ledger = await openSqliteLedger({ path: join(directory, 'ledger.db') });
const { governor, adapter } = setUp(ledger);
const session = adapter.trackRoutingSession('many');

print('calls in one open session', 'heap, MB', 'a second');
const heaps: number[] = [];
for (let part = 1; part <= parts; part += 1) {
  const begin = performance.now();
  await concurrently(numbers(calls / parts), bookOne, { concurrency: 200 });
  const perSecond = calls / parts / ((performance.now() - begin) / 1000);
  // Twice: what the first finds to be finalised, the second takes away.
  globalThis.gc?.();
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc?.();
  const heap = process.memoryUsage().heapUsed / 1e6;
  heaps.push(heap);
  print(((calls / parts) * part).toFixed(0), heap.toFixed(1), perSecond.toFixed(0));
}
const [, half = 0, , whole = 0] = heaps;
print('', '');
print('from half to all of them', `${whole >= half ? '+' : ''}${(whole - half).toFixed(1)}`);
print(`session: ${session.operationCount} calls`, '', '');
print(`steps kept: ${adapter.getMemoryUsageTracker().activeSessions[0]?.stepsKept}`, '', '');
await governor.close();
await ledger.close();
await rm(directory, { recursive: true });

function bookOne(): Promise<void> {
  return session
    .trackModelCall({ model: 'gpt-4o-mini', usage: { inputTokens: 100, outputTokens: 20 } })
    .then(() => {});
}

function* numbers(count: number): Generator<number> {
  for (let number = 0; number < count; number += 1) yield number;
}
