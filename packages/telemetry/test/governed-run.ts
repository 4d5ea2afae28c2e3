import { withAttribution, withBaseUrl } from '@genops/core';
import { createGovernor, type Governor } from '@genops/governor';
import { helicone } from '@genops/helicone';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import { openrouter } from '@genops/openrouter';
import { createSkyRouter } from '@genops/skyrouter';
import { type FakeUpstream, openaiFormat, openrouterFormat, startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';
import type { Telemetry } from '../src/index.ts';

const question = {
  messages: [{ role: 'user' as const, content: 'A secret question' }],
  max_completion_tokens: 50,
};
const usage = {
  prompt_tokens: 1000,
  completion_tokens: 100,
  total_tokens: 1100,
  prompt_tokens_details: { cached_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0 },
};

/** Everything that can happen to calls, once, through real clients and real sockets. */
export async function governedRun(telemetry: Telemetry): Promise<void> {
  const upstreams = await Promise.all([
    startFakeUpstream(),
    startFakeUpstream(),
    startFakeUpstream({ formats: [openrouterFormat] }),
    startFakeUpstream({ formats: [openaiFormat] }),
  ]);
  const [plain, sky, router, gateway] = upstreams;
  const errors: unknown[] = [];
  const providers = {
    openai: withBaseUrl(openai, `${plain.url}/v1`),
    skyrouter: createSkyRouter({ baseUrl: `${sky.url}/v1` }),
    openrouter: withBaseUrl(openrouter, `${router.url}/api/v1`),
    helicone: withBaseUrl(helicone, `${gateway.url}/v1`),
  };
  const governor = createGovernor({
    providers: Object.values(providers),
    ledger: createMemoryLedger(),
    attribution: { team: 'search', project: 'ranking', environment: 'test', customerId: 'acme' },
    onError: (error) => errors.push(error),
    policy: {
      limits: [
        {
          id: 'team-daily',
          amount: '10',
          window: 'day',
          scope: { match: {}, per: ['team'] },
          thresholds: [1],
        },
        { id: 'tiny', amount: '0.0000001', window: 'day', scope: { match: { feature: ['tiny'] } } },
        {
          id: 'two-requests',
          unit: 'requests',
          amount: '1',
          window: 'day',
          scope: { match: { feature: ['limited'] } },
        },
      ],
      rules: [
        { id: 'no-legacy', effect: 'deny', when: { model: 'gpt-3.5*' } },
        { id: 'no-four', effect: 'deny', when: { model: 'gpt-4o' }, mode: 'shadow' },
      ],
      onUnpriced: 'allow',
    },
    routing: {
      maxAttempts: 2,
      routes: [
        {
          models: ['best'],
          strategy: 'cost',
          targets: [
            { provider: 'skyrouter', model: 'gpt-4o-mini' },
            { provider: 'skyrouter', model: 'gpt-4o' },
          ],
        },
      ],
    },
  });
  governor.on(telemetry);
  try {
    await callAll(governor, { plain, sky, router, gateway });
  } finally {
    await governor.close();
    await Promise.all(upstreams.map((upstream) => upstream.close()));
  }
  if (errors.length > 0) throw errors[0];
  telemetry.recordEvaluation({ name: 'faithfulness', score: 0.9, threshold: 0.7, durationMs: 120 });
  telemetry.recordEvaluation({ name: 'faithfulness', score: 0.4, threshold: 0.7, evaluator: 'judge' });
}

async function callAll(
  governor: Governor,
  { plain, sky, router, gateway }: Record<'plain' | 'sky' | 'router' | 'gateway', FakeUpstream>,
): Promise<void> {
  const clientAt = ({ url, apiKey }: FakeUpstream, path: string): OpenAI =>
    governor.wrap(new OpenAI({ baseURL: url + path, apiKey }));
  const ask = (client: OpenAI, model: string): Promise<unknown> =>
    client.chat.completions.create({ ...question, model }).catch((error: unknown) => error);

  plain.setReply({ usage });
  const direct = clientAt(plain, '/v1');
  await ask(direct, 'gpt-4o-mini');
  await ask(direct, 'gpt-3.5-turbo');
  await ask(direct, 'nobody-knows');
  plain.addRule({ reply: { fault: { kind: 'no_usage' } }, times: 1 });
  await ask(direct, 'gpt-4o-mini');
  await withAttribution({ feature: 'tiny' }, () => ask(direct, 'gpt-4o-mini'));
  await withAttribution({ feature: 'limited' }, () => ask(direct, 'gpt-4o-mini'));
  await withAttribution({ feature: 'limited' }, () => ask(direct, 'gpt-4o-mini'));

  sky.setReply({ usage });
  const skyRouter = clientAt(sky, '/v1');
  await ask(skyRouter, 'best');
  await ask(skyRouter, 'gpt-4o');
  sky.setReply({ status: 400, error: { message: 'no' } });
  await ask(skyRouter, 'gpt-4o');

  const openRouter = clientAt(router, '/api/v1');
  await ask(openRouter, 'openai/gpt-4o-mini');
  const attempts = [{ provider: 'Azure' }, { provider: 'OpenAI' }];
  router.setReply({ fields: { openrouter_metadata: { strategy: 'fallback', attempts } } });
  await ask(openRouter, 'openai/gpt-4o-mini');
  router.setReply({ status: 503, error: { message: 'down' } });
  await ask(openRouter, 'openai/gpt-4o-mini');

  gateway.setReply({
    usage,
    headers: { 'helicone-provider': 'OPENAI', 'helicone-gateway-mode': 'passthrough' },
  });
  const heliconeClient = clientAt(gateway, '/v1');
  await ask(heliconeClient, 'gpt-4o-mini/openai');
  gateway.setReply({ usage, headers: { 'helicone-cache': 'HIT', 'helicone-provider': 'OPENAI' } });
  await ask(heliconeClient, 'gpt-4o-mini/openai');
}
