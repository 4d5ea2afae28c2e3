import {
  addMoney,
  amountOf,
  type Cost,
  compareMoney,
  Decimal,
  money,
  type RequestFacts,
  sumMoney,
  type Usage,
} from '@genops/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPricing } from './create-pricing.ts';
import { priceLine } from './price-line.ts';
import type { PriceQuestion } from './pricing.ts';

const prices = createPricing();
type Priced = Extract<Cost, { result: 'priced' }>;

/** Models of every kind of rule: context tiers, service tiers, speeds, regions, times of day, caches, modalities. */
const models = [
  ['openai', 'gpt-4o-mini'],
  ['openai', 'gpt-5.4'],
  ['openai', 'gpt-5.6-sol'],
  ['openai', 'gpt-audio'],
  ['anthropic', 'claude-sonnet-4-5'],
  ['anthropic', 'claude-opus-4-6'],
  ['anthropic', 'claude-haiku-5-5'],
  ['google', 'gemini-2.5-pro'],
  ['google', 'gemini-2.5-flash'],
  ['google-vertex', 'claude-opus-5'],
  ['aws-bedrock', 'amazon.nova-lite-v1:0'],
  ['alibaba', 'qwen3-max'],
  ['x-ai', 'grok-4.3'],
  ['deepseek', 'deepseek-v4-pro'],
  ['perplexity', 'sonar-deep-research'],
  ['perplexity', 'sonar-pro'],
  ['groq', 'openai/gpt-oss-120b'],
  ['mistral', 'mistral-large-latest'],
] as const;

const count = (max: number) => fc.integer({ min: 0, max });

/** Possible usage: no part exceeds its whole. */
const usage: fc.Arbitrary<Usage> = fc
  .tuple(count(200_000), count(200_000), count(200_000), count(200_000), count(100_000), count(50_000))
  .map(([fresh, read, write5m, write1h, output, reasoning]) => ({
    inputTokens: fresh + read + write5m + write1h,
    cacheReadInputTokens: read,
    cacheCreationInputTokens: write5m + write1h,
    cacheCreation5mInputTokens: write5m,
    cacheCreation1hInputTokens: write1h,
    outputTokens: output + reasoning,
    reasoningOutputTokens: reasoning,
  }));

const instant = fc
  .date({ min: new Date('2025-01-01T00:00:00Z'), max: new Date('2027-06-01T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString());

const question: fc.Arbitrary<PriceQuestion> = fc
  .record({
    model: fc.constantFrom(...models),
    at: instant,
    usage,
    serviceTier: fc.option(fc.constantFrom('default', 'batch', 'flex', 'priority'), { nil: undefined }),
    speed: fc.option(fc.constantFrom('standard', 'fast'), { nil: undefined }),
    region: fc.option(fc.constantFrom('us', 'eu', 'global', 'europe-west1'), { nil: undefined }),
    searchContextSize: fc.option(fc.constantFrom('low', 'medium', 'high'), { nil: undefined }),
  })
  .map(({ model: [provider, model], serviceTier, speed, region, searchContextSize, ...rest }) => ({
    provider,
    model,
    ...rest,
    ...(serviceTier && { serviceTier }),
    ...(speed && { speed }),
    ...(region && { region }),
    ...(searchContextSize && { options: { searchContextSize } }),
  }));

function priced(cost: Cost): Priced {
  fc.pre(cost.result === 'priced');
  return cost as Priced;
}

describe('price', () => {
  it('has lines that sum exactly to the total, and are quantity × price ÷ per × factor', () => {
    fc.assert(
      fc.property(question, (asked) => {
        const { total, lines } = priced(prices.price(asked));
        expect(amountOf(sumMoney(lines.map(({ subtotal }) => subtotal)))).toBe(amountOf(total));
        for (const { quantity, unitPrice, per, factor = '1', subtotal } of lines) {
          const left = new Decimal(quantity).times(unitPrice).times(factor);
          expect(left.eq(subtotal.amount.times(per))).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never falls when more tokens are used', () => {
    const counters = ['inputTokens', 'outputTokens'] as const;
    fc.assert(
      fc.property(question, fc.constantFrom(...counters), count(100_000), (asked, counter, more) => {
        const before = priced(prices.price(asked));
        const grown = { ...asked.usage, [counter]: (asked.usage[counter] ?? 0) + more };
        const after = priced(prices.price({ ...asked, usage: grown }));
        expect(compareMoney(after.total, before.total)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 500 },
    );
  });

  it('gives the same answer to the same question', () => {
    fc.assert(
      fc.property(question, (asked) => {
        expect(createPricing().price(asked)).toEqual(prices.price(asked));
      }),
      { numRuns: 20 },
    );
  });

  it('comes back from JSON as it was', () => {
    fc.assert(
      fc.property(question, (asked) => {
        const cost = prices.price(asked);
        const text = JSON.stringify(cost);
        expect(JSON.stringify(JSON.parse(text))).toBe(text);
        if (cost.result !== 'priced') return;
        const read = JSON.parse(text) as {
          total: { amount: string };
          lines: { subtotal: { amount: string } }[];
        };
        expect(new Decimal(read.total.amount).eq(cost.total.amount)).toBe(true);
        cost.lines.forEach(({ subtotal }, index) => {
          expect(new Decimal(read.lines[index]?.subtotal.amount ?? '').eq(subtotal.amount)).toBe(true);
        });
      }),
      { numRuns: 200 },
    );
  });
});

describe('upperBound', () => {
  /** A request, and an answer that keeps to it. */
  const exchange = fc
    .tuple(question, count(3), count(500_000), count(5000), fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([asked, extraChoices, inputBytes, maxOutputTokens, share]) => {
      const choices = extraChoices + 1;
      const facts: RequestFacts = {
        requestModel: asked.model,
        stream: false,
        choices,
        inputBytes,
        maxOutputTokens,
      };
      return { asked, facts, share };
    });

  it('is never below what the finished call is settled for', () => {
    fc.assert(
      fc.property(exchange, usage, ({ asked, facts, share }, shape) => {
        const { usage: _, serviceTier, ...place } = asked;
        const bound = prices.upperBound({ ...place, facts, ...(serviceTier && { serviceTier }) });
        fc.pre(bound.result === 'bounded');
        if (bound.result !== 'bounded') return;
        const finished = shrinkTo(shape, Math.floor(bound.inputTokens * share), bound.outputTokens);
        // A request for a tier may be served by the standard one.
        for (const served of [serviceTier, 'default']) {
          const settled = prices.price({ ...place, usage: finished, ...(served && { serviceTier: served }) });
          expect(settled.result).toBe('priced');
          if (settled.result !== 'priced') continue;
          expect(compareMoney(bound.cost.total, settled.total)).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('is that of the tier alone where the tier is certain', () => {
    fc.assert(
      fc.property(exchange, usage, ({ asked, facts }, shape) => {
        const { provider, model, at } = asked;
        const place = { provider, model, at, serviceTier: 'batch' };
        const bound = prices.upperBound({ ...place, facts, tierIsCertain: true });
        const wider = prices.upperBound({ ...place, facts });
        fc.pre(bound.result === 'bounded');
        if (bound.result !== 'bounded') return;
        if (wider.result === 'bounded')
          expect(compareMoney(wider.cost.total, bound.cost.total)).toBeGreaterThanOrEqual(0);
        const settled = prices.price({
          ...place,
          usage: shrinkTo(shape, bound.inputTokens, bound.outputTokens),
        });
        fc.pre(settled.result === 'priced');
        if (settled.result !== 'priced') return;
        expect(compareMoney(bound.cost.total, settled.total)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 500 },
    );
  });

  it('holds whichever tier the provider chooses', () => {
    const tiers = ['default', 'flex', 'priority'];
    fc.assert(
      fc.property(exchange, usage, fc.constantFrom(...tiers), ({ asked, facts }, shape, serviceTier) => {
        const { provider, model, at } = asked;
        const bound = prices.upperBound({ provider, model, at, facts: { ...facts, serviceTier: 'auto' } });
        fc.pre(bound.result === 'bounded');
        if (bound.result !== 'bounded') return;
        const finished = shrinkTo(shape, bound.inputTokens, bound.outputTokens);
        const settled = prices.price({ provider, model, at, usage: finished, serviceTier });
        fc.pre(settled.result === 'priced');
        if (settled.result !== 'priced') return;
        expect(compareMoney(bound.cost.total, settled.total)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 500 },
    );
  });
});

/** The same mix of tokens, but no more of them than a request allows. */
function shrinkTo(shape: Usage, inputTokens: number, outputTokens: number): Usage {
  const scale = (value: number | undefined, from: number | undefined, to: number) =>
    from === undefined || from === 0 ? 0 : Math.floor(((value ?? 0) / from) * to);
  const read = scale(shape.cacheReadInputTokens, shape.inputTokens, inputTokens);
  const write5m = scale(shape.cacheCreation5mInputTokens, shape.inputTokens, inputTokens);
  const write1h = scale(shape.cacheCreation1hInputTokens, shape.inputTokens, inputTokens);
  return {
    inputTokens,
    cacheReadInputTokens: read,
    cacheCreationInputTokens: write5m + write1h,
    cacheCreation5mInputTokens: write5m,
    cacheCreation1hInputTokens: write1h,
    outputTokens,
    reasoningOutputTokens: scale(shape.reasoningOutputTokens, shape.outputTokens, outputTokens),
  };
}

describe('sums of costs', () => {
  it('of a million charges are the same in any order', () => {
    const amounts = Array.from({ length: 1000 }, (_, index) => {
      const cost = prices.price({
        provider: 'openai',
        model: index % 2 === 0 ? 'gpt-5-nano' : 'gpt-5.2-pro',
        at: '2026-09-24T12:00:00Z',
        usage: { inputTokens: (index * 7919) % 9973, outputTokens: (index * 104_729) % 997 },
      });
      return (cost as Priced).total;
    });
    // A fixed shuffle: multiplication by a number that shares no factor with the length.
    const length = 1_000_000;
    let forward = money('0');
    let shuffled = money('0');
    for (let index = 0; index < length; index++) {
      forward = addMoney(forward, amounts[index % 1000] as Priced['total']);
      shuffled = addMoney(shuffled, amounts[((index * 7919) % length) % 1000] as Priced['total']);
    }
    expect(amountOf(shuffled)).toBe(amountOf(forward));
    expect(amountOf(forward)).toBe(sumMoney(amounts).amount.times('1000').toFixed());
  });

  it('of a list of usages are what they come to one by one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(count(10_000), count(10_000)), { minLength: 1, maxLength: 20 }),
        (counts) => {
          const usages = counts.map(([input, output]) => ({ input_tokens: input, output_tokens: output }));
          const line = { provider: 'openai', model: 'gpt-4o-mini', at: '2026-09-24T12:00:00Z' };
          const apart = usages.map((each) =>
            money(priceLine(prices, { ...line, usage: each }).cost_usd ?? ''),
          );
          expect(priceLine(prices, { ...line, usage: usages }).cost_usd).toBe(amountOf(sumMoney(apart)));
        },
      ),
      { numRuns: 50 },
    );
  });
});
