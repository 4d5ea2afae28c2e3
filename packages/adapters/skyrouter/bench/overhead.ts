// What the adapter adds to a call: real governor, real client, a provider that answers at once. Budgets of day,
// team and project are in force. The ledger is in memory, so that what is measured is not the disk.

import { createMemoryLedger } from '@genops/ledger/memory';
import { concurrently, shardOf } from '../src/index.ts';
import { bareClient, measure, models, print, setUp, type Timing } from './setting.ts';

const times = Number(process.env['GENOPS_BENCH_CALLS'] ?? 1_000);
const text = (ms: number): string => ms.toFixed(3);
const row = (name: string, { p50Ms, p95Ms, p99Ms, perSecond }: Timing): void =>
  print(name, text(p50Ms), text(p95Ms), text(p99Ms), perSecond.toFixed(0));
const messages = [{ role: 'user' as const, content: 'Explain quantum computing to a ten-year-old' }];
const input = messages[0]?.content as string;

print(`ms, ${times} times each`, 'p50', 'p95', 'p99', 'a second');
const client = bareClient();
const bare = await measure(() => client.chat.completions.create({ model: 'gpt-4o-mini', messages }), times);
row('bare client', bare);

{
  const { governor, adapter } = setUp();
  const session = adapter.trackRoutingSession('bench');
  row('model call', await measure(() => session.trackModelCall({ model: 'gpt-4o-mini', input }), times));
  row(
    `routing over ${models.length} models`,
    await measure(() => session.trackMultiModelRouting({ models, input }), times),
  );
  const step = { model: 'gpt-4o-mini', input };
  row(
    'workflow of 3 steps',
    await measure(
      () => session.trackAgentWorkflow({ workflowName: 'three', agentSteps: [step, step, step] }),
      times / 4,
    ),
  );
  row(
    'call made elsewhere, booked',
    await measure(
      () => session.trackModelCall({ model: 'gpt-4o-mini', usage: { inputTokens: 100, outputTokens: 20 } }),
      times,
    ),
  );
  row(
    'choice among 5, nothing sent',
    await measure(async () => adapter.calculateMultiModelCost(models, input), times),
  );
  await governor.close();
}

print('');
print('routings, by how many at once', '', '', '', 'a second');
for (const concurrency of [1, 10, 50]) {
  const { governor, adapter } = setUp();
  const session = adapter.trackRoutingSession('batch');
  const requests = Array.from({ length: times }, () => ({ models, input }));
  await session.batchRouteModels(requests.slice(0, times / 4), { concurrency });
  const begin = performance.now();
  await session.batchRouteModels(requests, { concurrency });
  print(
    `batch, ${concurrency} at once`,
    '',
    '',
    '',
    ((times * 1000) / (performance.now() - begin)).toFixed(0),
  );
  await governor.close();
}

print('');
print('model call, by who listens', 'p50', 'p95', 'p99', 'a second');
for (const [name, samplingRate] of [
  ['nobody', undefined],
  ['a sample of 1 %, in batches', 0.01],
  ['everything, in batches', 1],
] as const) {
  const { governor, adapter } = setUp();
  if (samplingRate !== undefined) adapter.onOperationBatches(() => {}, { samplingRate });
  const session = adapter.trackRoutingSession('listened');
  row(name, await measure(() => session.trackModelCall({ model: 'gpt-4o-mini', input }), times));
  await governor.close();
}

print('');
print('instances that share a ledger', '', '', '', 'a second');
for (const instances of [1, 4]) {
  const ledger = createMemoryLedger();
  const settings = Array.from({ length: instances }, () => setUp(ledger));
  const sessions = settings.map(({ adapter }) => adapter.trackRoutingSession('sharded'));
  const begin = performance.now();
  await concurrently(
    Array.from({ length: times }, (_, id) => `request-${id}`),
    (id) =>
      (sessions[shardOf(id, instances)] as (typeof sessions)[number]).trackMultiModelRouting({
        models,
        input,
      }),
    { concurrency: 50 },
  );
  print(
    `${instances}, in one process`,
    '',
    '',
    '',
    ((times * 1000) / (performance.now() - begin)).toFixed(0),
  );
  for (const { governor } of settings) await governor.close();
}
