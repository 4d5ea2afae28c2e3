import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withBaseUrl } from '@genops/core';
import { helicone } from '@genops/helicone';
import { openrouter } from '@genops/openrouter';
import { init, shutdown, withAttributes } from '@genops/register/api';
import { createSkyRouter } from '@genops/skyrouter';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

let upstream: FakeUpstream;
beforeAll(async () => {
  upstream = await startFakeUpstream();
});
afterAll(() => upstream.close());
afterEach(async () => {
  await shutdown();
  upstream.reset();
});

it.each([
  ['OpenRouter', openrouter],
  ['Helicone', helicone],
  ['SkyRouter', createSkyRouter({ baseUrl: 'https://skyrouter.invalid/v1' })],
])('init governs an unchanged client of %s, attributes nobody foresaw included', async (_, record) => {
  const provider = withBaseUrl(record, `${upstream.url}/v1`);
  const running = init(
    {
      attribution: { team: 'ai-platform', project: 'production-chatbot' },
      providers: [provider],
      ledger: 'memory',
    },
    { environment: {}, directory: await mkdtemp(join(tmpdir(), 'genops-seeds-')) },
  );
  const client = new OpenAI({ baseURL: provider.baseUrl, apiKey: upstream.apiKey });
  await withAttributes({ customer_id: 'enterprise-001', experiment_id: 'exp-1' }, () =>
    client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello!' }] }),
  );
  const { entries } = await running.governor.ledger.entries();
  expect(entries).toMatchObject([
    {
      provider: record.id,
      attribution: {
        team: 'ai-platform',
        project: 'production-chatbot',
        customerId: 'enterprise-001',
        tags: { experiment_id: 'exp-1' },
      },
    },
  ]);
});
