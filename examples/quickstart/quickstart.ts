// Governs the official OpenAI client. With OPENAI_API_KEY set it calls OpenAI; without, a fake on this machine.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatMoney, withAttribution } from '@genops/core';
import { createGovernor } from '@genops/governor';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { openai } from '@genops/openai';
import { startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';

const fake = process.env['OPENAI_API_KEY'] === undefined ? await startFakeUpstream() : undefined;
const bare =
  fake === undefined ? new OpenAI() : new OpenAI({ baseURL: `${fake.url}/v1`, apiKey: fake.apiKey });

const directory = await mkdtemp(join(tmpdir(), 'genops-quickstart-'));
const governor = createGovernor({
  providers: [openai],
  ledger: await openSqliteLedger({ path: join(directory, 'ledger.db') }),
  attribution: { team: 'search', environment: 'development' },
  policy: {
    limits: [
      { id: 'search-monthly', amount: '0.02', window: 'month', scope: { match: { team: 'search' } } },
      { id: 'per-customer', amount: '10000', unit: 'tokens', window: 'day', scope: { per: ['customerId'] } },
    ],
    rules: [{ id: 'no-legacy', effect: 'deny', when: { model: 'gpt-3.5*' } }],
  },
});
const client = governor.wrap(bare, { provider: openai });
const ask = (model: string, maxTokens: number) =>
  client.chat.completions.create({
    model,
    max_completion_tokens: maxTokens,
    messages: [{ role: 'user', content: 'Say hello in five words.' }],
  });

const answer = await withAttribution({ customerId: 'acme' }, () => ask('gpt-4o-mini', 50));
console.log('answered:', answer.choices[0]?.message.content);

for (const [model, maxTokens] of [
  ['gpt-3.5-turbo', 50],
  ['gpt-4o', 16_000],
] as const) {
  await ask(model, maxTokens).catch((error: Error) => console.log('refused: ', error.message));
}

const { entries } = await governor.ledger.entries();
for (const { kind, requestModel, attribution, cost } of entries) {
  const price = cost.result === 'priced' ? formatMoney(cost.total) : cost.reason;
  console.log(kind.padEnd(8), requestModel.padEnd(13), attribution.customerId ?? '-', price);
}

await governor.close();
await fake?.close();
