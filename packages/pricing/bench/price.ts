import { readFileSync } from 'node:fs';
import { usageFromSnake } from '@genops/core';
import { createCatalog, createPricing, type PriceQuestion, parsePriceFile } from '@genops/pricing';
import { calcPrice } from '@pydantic/genai-prices';

/**
 * This package and `@pydantic/genai-prices` on the same calls: calls a second, and how many come out exactly.
 * The two take turns, so that ratios of one run are comparable; absolute figures are those of the machine.
 */

interface Case {
  readonly question: PriceQuestion;
  readonly expected: string;
  /** The same question as the other package is asked. */
  readonly theirs: readonly [
    Record<string, number>,
    string,
    { readonly providerId: string; readonly timestamp: Date },
  ];
}

const theirProvider: Readonly<Record<string, string>> = { 'aws-bedrock': 'aws', 'google-vertex': 'google' };

/** Worked examples that ask for nothing which the other package has no parameter for. */
const cases: readonly Case[] = readFileSync(new URL('../fixtures/examples.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))
  .filter(
    ({ kind, service_tier, speed, region, options }) =>
      kind === 'cost' && !(service_tier ?? speed ?? region ?? options),
  )
  .map(({ provider, model, at, usage, expected_cost_usd }) => ({
    question: { provider, model, at, usage: usageFromSnake(usage) },
    expected: expected_cost_usd,
    theirs: [usage, model, { providerId: theirProvider[provider] ?? provider, timestamp: new Date(at) }],
  }));

// The other package writes a line to the console for each usage that it finds odd, which would be measured too.
console.warn = () => undefined;

const prices = createPricing();

function ours({ question }: Case): string | undefined {
  const cost = prices.price(question);
  return cost.result === 'priced' ? cost.total.amount.toFixed() : undefined;
}

function theirs({ theirs: [usage, model, options] }: Case): number | undefined {
  try {
    return calcPrice(usage, model, options)?.total_price;
  } catch {
    return undefined;
  }
}

/** Cases that both answer, so that neither gains by giving up. */
const both = cases.filter((each) => ours(each) !== undefined && theirs(each) !== undefined);

function callsPerSecond(run: (each: Case) => unknown): number {
  const rounds = 100;
  const start = performance.now();
  for (let round = 0; round < rounds; round++) for (const each of both) run(each);
  return (rounds * both.length) / ((performance.now() - start) / 1000);
}

/** The best of several turns of each, taken in turn: a pause of the machine then hits no one side. */
function race<Runner extends string>(runners: Readonly<Record<Runner, (each: Case) => unknown>>) {
  const best = {} as Record<Runner, number>;
  for (let turn = 0; turn < 15; turn++) {
    for (const name in runners) best[name] = Math.max(best[name] ?? 0, callsPerSecond(runners[name]));
  }
  return best;
}

/** What the heap holds after the garbage is gone; the script `bench` exposes the collector. */
function liveBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

const facts = {
  requestModel: 'gpt-5.4',
  stream: true,
  choices: 1,
  inputBytes: 4000,
  maxOutputTokens: 500,
} as const;
const speeds = race({
  ours: ({ question }) => prices.price(question),
  theirs,
  bound: ({ question }) => prices.upperBound({ ...question, facts }),
});

const exact = cases.filter((each) => ours(each) === each.expected).length;
const theirExact = cases.filter((each) => String(theirs(each)) === each.expected).length;
const theirClose = cases.filter((each) => {
  const price = theirs(each);
  return price !== undefined && Math.abs(price - Number(each.expected)) <= 1e-9 * Math.max(1, price);
}).length;

const heap = liveBytes();
const start = performance.now();
const fresh = createPricing();
const opened = performance.now();
fresh.price(both[0]?.question as PriceQuestion);
const first = performance.now();
for (const provider of fresh.providers) fresh.model(provider, 'nothing', '2026-11-01T00:00:00Z');
const all = performance.now();
const loadedMegabytes = (liveBytes() - heap) / 2 ** 20;

/** Microseconds to find out that a name is no model's, whatever its form, among so many models. */
function lookupTime(size: number): number {
  const rates = { versions: [{ rates: [{ input: '1', output: '2' }] }] };
  const models = Array.from({ length: size }, (_, index) => ({ model: `model-${index}`, ...rates }));
  const catalog = createCatalog([parsePriceFile({ provider: 'made-up', models })]);
  let best = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 10; turn++) {
    const large = createPricing({ catalog });
    const ask = (index: number) =>
      large.price({ ...lookup, provider: 'made-up', model: `model-${size + index}-2026-01-01` });
    ask(0);
    const from = performance.now();
    for (let index = 1; index <= lookups; index++) ask(index);
    best = Math.min(best, ((performance.now() - from) * 1000) / lookups);
  }
  return best;
}
const lookups = 5000;
const lookup = { at: '2026-11-01T00:00:00Z', usage: { inputTokens: 1, outputTokens: 1 } };
const sizes = [1000, 10_000, 100_000];

const perSecond = (speed: number) => `${Math.round(speed).toLocaleString('en')}/s`;
const lines = [
  `cases: ${cases.length}; answered by both: ${both.length}`,
  `price      ours ${perSecond(speeds.ours)}   theirs ${perSecond(speeds.theirs)}   ratio ${(speeds.ours / speeds.theirs).toFixed(2)}`,
  `upperBound ours ${perSecond(speeds.bound)}`,
  `exact to the last digit: ours ${exact}/${cases.length}, theirs ${theirExact}/${cases.length} (within a billionth: ${theirClose})`,
  `opening the catalogue ${(opened - start).toFixed(1)} ms, first price ${(first - opened).toFixed(1)} ms, all ${fresh.providers.length} providers ${(all - first).toFixed(1)} ms, heap ${loadedMegabytes.toFixed(1)} MB`,
  `a name for the first time: ${sizes.map((size) => `${lookupTime(size).toFixed(1)} µs among ${size.toLocaleString('en')} models`).join(', ')}`,
];
process.stdout.write(`${lines.join('\n')}\n`);
