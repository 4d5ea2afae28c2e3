import { formatMoney, type LedgerEntry, type Money } from '@genops/core';
import { createGovernor, type MeteredRoute } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { boundOf } from './catalogue.ts';
import { finding } from './problems.ts';
import { type CheckResult, checked, skipped } from './result.ts';
import type { ProviderToCheck, Setup } from './setup.ts';

/** What a live call can come to, before it is made. */
export interface LiveQuote {
  readonly provider: string;
  readonly model: string;
  /** The most that it can cost; the call is made under a limit of exactly this. */
  readonly atMost: Money;
}

const maxOutputTokens = 16;
const messages = [{ role: 'user', content: 'Say: ok' }];

/** The smallest sensible request of each format that a live call can be made in, below the provider's base URL. */
const requests: Readonly<
  Record<string, (model: string, route: MeteredRoute) => [path: string, body: object]>
> = {
  'openai-chat': (model, { path }) => [path, { model, messages, max_completion_tokens: maxOutputTokens }],
  'anthropic-messages': (model, { path }) => [path, { model, messages, max_tokens: maxOutputTokens }],
  gemini: (model, { path }) => [
    path.replace('*', model),
    {
      contents: [{ role: 'user', parts: [{ text: 'Say: ok' }] }],
      generationConfig: { maxOutputTokens },
    },
  ],
};

/**
 * Makes one real, billed call on the line that every call travels, after `agree` was shown what it can cost.
 * What cannot be priced is not sent.
 */
export async function checkLive(
  setup: Setup,
  { provider, apiKey, models }: ProviderToCheck,
  agree: (quote: LiveQuote) => boolean | Promise<boolean>,
): Promise<CheckResult> {
  const skip = (reason: string): CheckResult => skipped('live', reason, provider.id);
  const [model] = models;
  if (apiKey === undefined) return skip('There is no key');
  if (model === undefined) return skip('No model is configured by name: use --model or GENOPS_MODELS');
  const route = provider.routes.find(
    (one): one is MeteredRoute => one.kind === 'metered' && one.dialect.id in requests,
  );
  const request = route && requests[route.dialect.id];
  if (route === undefined || request === undefined) return skip('No live call is known for its formats');

  const [path, json] = request(model, route);
  const body = JSON.stringify(json);
  const { facts } = route.dialect.openRequest(Buffer.from(body), path);
  const bound = boundOf(setup, provider, model, facts);
  if (bound.result === 'unpriced') return skip(`${bound.message}, so nothing was sent`);
  const atMost = bound.cost.total;
  if (!(await agree({ provider: provider.id, model, atMost }))) return skip('The quoted cost was declined');

  const governor = createGovernor({
    providers: [provider],
    ledger: createMemoryLedger(),
    pricing: setup.pricing,
    fetch: setup.fetch,
    timeoutMs: Math.max(setup.timeoutMs, 60_000),
    policy: {
      limits: [
        {
          id: 'quoted',
          amount: atMost.amount.toFixed(),
          currency: atMost.currency,
          window: 'request',
        },
      ],
    },
  });
  try {
    const startedAt = performance.now();
    const response = await governor.fetch(provider.baseUrl + path, {
      method: 'POST',
      headers: { ...provider.authorize(apiKey), ...provider.headers, 'content-type': 'application/json' },
      body,
    });
    const answer = await response.text();
    const tookMs = Math.round(performance.now() - startedAt);
    const { entries } = await governor.ledger.entries();
    return judged(provider.id, { model, atMost, status: response.status, answer, tookMs, entry: entries[0] });
  } finally {
    await governor.close();
  }
}

interface LiveCall {
  readonly model: string;
  readonly atMost: Money;
  readonly status: number;
  readonly answer: string;
  /** To the end of the answer. */
  readonly tookMs: number;
  readonly entry: LedgerEntry | undefined;
}

function judged(provider: string, { model, atMost, status, answer, tookMs, entry }: LiveCall): CheckResult {
  if (status >= 300) {
    const message = `${model} answered ${status}: ${answer.slice(0, 300)}`;
    return checked('live', message, [finding('live-call-failed', model, message)], provider);
  }
  const cost = entry?.cost.result === 'priced' ? formatMoney(entry.cost.total) : 'unpriced';
  const message = `${model} answered in ${tookMs} ms; cost ${cost}, quoted at most ${formatMoney(atMost)}`;
  const isEstimate = entry?.cost.result !== 'priced' || entry.cost.basis === 'estimated';
  return checked(
    'live',
    message,
    isEstimate ? [finding('live-call-unmetered', model, message)] : [],
    provider,
  );
}
