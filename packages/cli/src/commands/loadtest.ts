import {
  amountOf,
  ConfigurationError,
  formatMoney,
  type Money,
  multiplyMoney,
  parseDecimal,
} from '@genops/core';
import { createPricing, type Pricing } from '@genops/pricing';
import type { Command } from 'commander';
import { openAsker } from '../ask/ask.ts';
import type { CommandContext, ExitCode } from '../context.ts';
import { factsOf, isLoopback, type LoadOptions, type LoadPlan, loadPlan } from '../load/plan.ts';
import { runLoad } from '../load/run.ts';
import type { Measured } from '../load/send.ts';
import { type LoadSummary, type Percentiles, summarise } from '../load/summary.ts';
import { renderTable } from '../report/table.ts';

interface LoadTestOptions extends LoadOptions {
  readonly allowRemote?: boolean;
  readonly agree?: string;
  readonly json?: boolean;
}

/** `genops loadtest`: how a proxy of one's own behaves under load. Bounded, and on this machine unless told otherwise. */
export function addLoadTestCommand(
  program: Command,
  context: CommandContext,
  end: (code: ExitCode) => void,
): void {
  program
    .command('loadtest')
    .description('Throughput, latency, refusals and cost of a proxy under load, bounded in count and time')
    .argument('[url]', 'base URL of what speaks OpenAI’s chat completions', 'http://127.0.0.1:8787/v1')
    .option('--model <name>', 'asked for', 'gpt-4o-mini')
    .option('--provider <id>', 'on whose price list the model is', 'openai')
    .option('--key-env <name>', 'the variable that holds the key to present')
    .option('--requests <count>', 'at most so many, up to 100000', '100')
    .option('--duration <seconds>', 'no request begins after that, up to 3600', '30')
    .option('--concurrency <count>', 'under way at once, up to 1000', '10')
    .option('--rate <per second>', 'begun by the clock; time counts from when a request was due')
    .option('--stream <percent>', 'of the requests, those that stream', '0')
    .option('--max-tokens <count>', 'of each answer', '16')
    .option('--prompt-bytes <count>', 'of each question', '100')
    .option('--timeout <seconds>', 'until a whole answer is there', '60')
    .option('--allow-remote', 'an address that is not this machine; what it may cost has to be agreed to')
    .option('--agree <amount>', 'agrees to a cost of up to so much, in place of the question')
    .option('--json', 'one JSON document')
    .action(async (url: string, options: LoadTestOptions) => {
      const plan = loadPlan(url, options, context.environment);
      const pricing = createPricing();
      const quote = quoteOf(pricing, plan, context.now());
      await agreed(plan, quote, options, context);
      const summary = summarise(await runLoad(plan), (answer) =>
        priceOf(pricing, plan, answer, context.now()),
      );
      context.write(
        options.json === true
          ? `${JSON.stringify(documentOf(plan, quote, summary), null, 2)}\n`
          : textOf(plan, quote, summary),
      );
      end(summary.completed === summary.requests && summary.requests > 0 ? 0 : 1);
    });
}

/** The most that all of it can cost where somebody bills it; absent when no price is known. */
function quoteOf(pricing: Pricing, plan: LoadPlan, now: Date): Money | undefined {
  const { provider, model, requests } = plan;
  const bound = pricing.upperBound({ provider, model, at: now.toISOString(), facts: factsOf(plan) });
  return bound.result === 'bounded' ? multiplyMoney(bound.cost.total, BigInt(requests)) : undefined;
}

async function agreed(
  plan: LoadPlan,
  quote: Money | undefined,
  { allowRemote, agree }: LoadTestOptions,
  context: CommandContext,
): Promise<void> {
  if (isLoopback(plan)) return;
  const host = new URL(plan.baseUrl).host;
  if (allowRemote !== true) {
    throw new ConfigurationError(
      'url',
      `${host} is not this machine, and a load test there may be billed or unwelcome; --allow-remote, if it is yours`,
    );
  }
  if (quote === undefined)
    throw new ConfigurationError('--model', `no price is known of ${plan.model}, so nobody can agree to one`);
  const what = `${plan.requests} requests to ${host} cost at most ${formatMoney(quote)}`;
  if (agree !== undefined) {
    if (!/^\d+(\.\d+)?$/.test(agree) || parseDecimal(agree).lt(quote.amount))
      throw new ConfigurationError('--agree', `${what}; agreed to was "${agree}"`);
    return;
  }
  const asker = await openAsker(context, `${what}: --agree ${amountOf(quote)} agrees to it`).catch(
    (error) => {
      throw new ConfigurationError('--allow-remote', (error as ConfigurationError).expectation);
    },
  );
  if (!(await asker.confirm(`${what}. Begin?`))) throw new ConfigurationError('url', 'nothing was sent');
}

function priceOf(pricing: Pricing, { provider, model }: LoadPlan, { facts }: Measured, now: Date) {
  if (facts?.usage === undefined) return undefined;
  return pricing.price({
    provider,
    model: facts.responseModel ?? model,
    at: now.toISOString(),
    usage: facts.usage,
    ...(facts.parts !== undefined && { parts: facts.parts }),
    ...(facts.serviceTier !== undefined && { serviceTier: facts.serviceTier }),
  });
}

function documentOf(plan: LoadPlan, quote: Money | undefined, { cost, ...summary }: LoadSummary): object {
  const { apiKey: _, ...said } = plan;
  return {
    plan: said,
    atMost: quote === undefined ? null : { amount: amountOf(quote), currency: quote.currency },
    ...summary,
    cost: cost === undefined ? null : { amount: amountOf(cost), currency: cost.currency },
  };
}

function textOf(plan: LoadPlan, quote: Money | undefined, summary: LoadSummary): string {
  const {
    requests,
    completed,
    notBegun,
    seconds,
    requestsPerSecond,
    latencyMs,
    firstTokenMs,
    failures,
    cost,
  } = summary;
  const known = cost === undefined ? 'not known' : formatMoney(cost);
  const facts = [
    ['target', `${plan.baseUrl}, ${plan.model}`],
    [
      'load',
      `${plan.concurrency} at once${plan.rate === undefined ? '' : `, ${plan.rate} a second`}, ${plan.streamShare * 100} % streams`,
    ],
    [
      'requests',
      `${requests} in ${seconds.toFixed(2)} s, ${completed} completed${notBegun > 0 ? `, ${notBegun} not begun` : ''}`,
    ],
    ['throughput', `${requestsPerSecond.toFixed(1)} a second`],
    ['cost', `${known}${summary.unpriced > 0 ? `, and ${summary.unpriced} answers of unknown cost` : ''}`],
    ['at most', quote === undefined ? 'not known: no price' : `${formatMoney(quote)}, where it is billed`],
  ];
  const times = [row('latency, ms', latencyMs), row('first token, ms', firstTokenMs)].flat();
  const lost = Object.entries(failures).map(([reason, count]) => [reason.slice(0, 60), String(count)]);
  return [
    renderTable(['', ''], facts, { alignRight: () => false }).trimStart(),
    ...(times.length === 0
      ? []
      : ['\n', renderTable(['', 'p50', 'p95', 'p99', 'max'], times, { alignRight: (column) => column > 0 })]),
    ...(lost.length === 0
      ? []
      : ['\n', renderTable(['not completed', 'count'], lost, { alignRight: (column) => column === 1 })]),
  ].join('');
}

function row(name: string, values: Percentiles | undefined): string[][] {
  if (values === undefined) return [];
  const { p50, p95, p99, max } = values;
  return [[name, ...[p50, p95, p99, max].map((ms) => ms.toFixed(1))]];
}
