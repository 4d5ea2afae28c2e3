import { amountOf, type Cost, type Usage } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { createCatalog } from './catalog.ts';
import { createPricing } from './create-pricing.ts';
import { parsePriceFile } from './parse-price-file.ts';
import type { PricedModel } from './pricing.ts';

const at = '2026-08-10T12:00:00Z';
const bundled = createPricing();

function total(cost: Cost): string {
  return cost.result === 'priced' ? amountOf(cost.total) : cost.reason;
}

/** Prices a model made up for one rule. */
function priceBy(
  version: unknown,
  usage: Usage,
  more: Partial<PricedModel> = {},
  calendars: unknown = undefined,
): string {
  const file = parsePriceFile({
    provider: 'made-up',
    ...(calendars === undefined ? {} : { calendars }),
    models: [{ model: 'm', versions: [version] }],
  });
  const pricing = createPricing({ catalog: createCatalog([file]) });
  return total(pricing.price({ provider: 'made-up', model: 'm', at, usage, ...more }));
}

describe('context tiers', () => {
  const tiers = (promptTokens: unknown) => ({
    rates: [
      { input: '1', output: '2' },
      { when: { promptTokens }, input: '10', output: '20' },
    ],
  });

  it.each([
    [{ min: 1000 }, 1000, '0.001'],
    [{ min: 1000 }, 1001, '0.01001'],
    [{ min: 1000, inclusive: true }, 999, '0.000999'],
    [{ min: 1000, inclusive: true }, 1000, '0.01'],
  ])('%j with a prompt of %d costs %s', (condition, inputTokens, expected) => {
    expect(priceBy(tiers(condition), { inputTokens })).toBe(expected);
  });

  it('count what was read from and written to the cache', () => {
    const usage = { inputTokens: 1001, cacheReadInputTokens: 500, cacheCreationInputTokens: 500 };
    expect(priceBy(tiers({ min: 1000 }), usage)).toBe('0.01001');
  });

  it('charge only what goes beyond when they are marginal', () => {
    const version = tiers({ min: 1000, scope: 'marginal' });
    expect(priceBy(version, { inputTokens: 1500 })).toBe('0.006');
    expect(priceBy(version, { inputTokens: 1000 })).toBe('0.001');
  });

  it('take the highest that is reached, whatever their order', () => {
    const version = {
      rates: [
        { when: { promptTokens: { min: 128_000 } }, input: '3' },
        { input: '1' },
        { when: { promptTokens: { min: 32_000 } }, input: '2' },
      ],
    };
    expect(priceBy(version, { inputTokens: 32_001 })).toBe('0.064002');
    expect(priceBy(version, { inputTokens: 128_001 })).toBe('0.384003');
  });
});

describe('units', () => {
  it('are never divided: a price for an hour is exact wherever it can be', () => {
    const hour = { rates: [{ audio_second: { amount: '0.04', per: '3600' } }] };
    expect(priceBy(hour, { audioSeconds: 90 })).toBe('0.001');
    // 0.04 / 3600 = 0.0000111…: rounded up at the eighteenth decimal.
    expect(priceBy(hour, { audioSeconds: 1 })).toBe('0.000011111111111112');
  });

  it('are billed for at least the minimum, and in the steps of the price page', () => {
    const rate = { amount: '0.006', per: '60', minimumQuantity: '10', quantityRounding: '6' };
    const minute = { rates: [{ audio_second: rate }] };
    expect(priceBy(minute, { audioSeconds: 3 })).toBe('0.001');
    expect(priceBy(minute, { audioSeconds: 13 })).toBe('0.0018');
    expect(priceBy(minute, {})).toBe('0');
  });

  it('are exact beyond what a double can hold', () => {
    const usage = { inputTokens: Number.MAX_SAFE_INTEGER };
    expect(priceBy({ rates: [{ input: '0.123456789012345678' }] }, usage)).toBe(
      '1111999897.984715757218771248286898',
    );
  });
});

describe('service tiers', () => {
  it('are priced by what served, in every spelling of standard', () => {
    const version = { rates: [{ input: '1' }, { when: { serviceTier: ['flex'] }, input: '0.5' }] };
    for (const serviceTier of ['default', 'standard', 'auto', 'on_demand', 'DEFAULT']) {
      expect(priceBy(version, { inputTokens: 1000 }, { serviceTier })).toBe('0.001');
    }
    expect(priceBy(version, { inputTokens: 1000 }, { serviceTier: 'flex' })).toBe('0.0005');
  });

  it('are not guessed', () => {
    const cost = bundled.price({
      provider: 'openai',
      model: 'gpt-4o',
      at,
      serviceTier: 'ultrafast',
      usage: { inputTokens: 1 },
    });
    expect(cost).toMatchObject({ result: 'unpriced', reason: 'unknown_rate' });
  });

  it('combine with context tiers', () => {
    const question = { provider: 'openai', model: 'gpt-5.6-sol', at, serviceTier: 'flex' };
    const usage = { inputTokens: 300_000, outputTokens: 1000 };
    // 300,000 × 5 + 1,000 × 22.5 per million.
    expect(total(bundled.price({ ...question, usage }))).toBe('1.5225');
  });
});

describe('modifiers', () => {
  it('stack: fast mode, a region and the cache', () => {
    const cost = bundled.price({
      provider: 'anthropic',
      model: 'claude-opus-4-6',
      at,
      speed: 'fast',
      region: 'us',
      usage: { inputTokens: 1000, cacheReadInputTokens: 1000, outputTokens: 100 },
    });
    // (1,000 × 0.5 + 100 × 25) × 6 × 1.1 per million.
    expect(total(cost)).toBe('0.0198');
    expect(cost).toMatchObject({
      lines: [
        { meter: 'cache_read', unitPrice: '3', factor: '1.1' },
        { meter: 'output', unitPrice: '150', factor: '1.1' },
      ],
    });
  });

  it('of tokens leave fees alone', () => {
    const usage = { inputTokens: 1000, outputTokens: 100, webSearches: 2 };
    const cost = bundled.price({
      provider: 'anthropic',
      model: 'claude-sonnet-4-6',
      at,
      serviceTier: 'batch',
      usage,
    });
    // Half of 0.0045, and 0.02 in full.
    expect(total(cost)).toBe('0.02225');
  });

  it('follow volume in steps', () => {
    const step = (min: string, below: string | undefined, factor: string) => ({
      factor,
      stage: 'contract',
      when: { volume: { unit: 'tokens', min, ...(below && { below }) } },
    });
    const version = {
      rates: [{ input: '1' }],
      modifiers: [step('1000', '10000', '0.95'), step('10000', undefined, '0.88')],
    };
    const usage = { inputTokens: 1_000_000 };
    expect(priceBy(version, usage)).toBe('1');
    expect(priceBy(version, usage, { volume: { tokens: 9999 } })).toBe('0.95');
    expect(priceBy(version, usage, { volume: { tokens: 50_000 } })).toBe('0.88');
  });
});

describe('time of day', () => {
  const usage = { inputTokens: 1_000_000 };
  const question = { provider: 'deepseek', model: 'deepseek-v4-pro', usage };

  it.each([
    // The day before: one price.
    ['2026-08-16T15:59:59Z', '0.435'],
    ['2026-08-16T16:00:00Z', '0.66'],
    // Windows begin with their first second and end before their last.
    ['2026-08-17T00:59:59Z', '0.66'],
    ['2026-08-17T01:00:00Z', '1.32'],
    ['2026-08-17T03:59:59Z', '1.32'],
    ['2026-08-17T04:00:00Z', '0.66'],
    ['2026-08-17T06:00:00Z', '1.32'],
    ['2026-08-17T10:00:00Z', '0.66'],
    // The first weekend still had peaks; in Shanghai it is Monday from Sunday 16:00 UTC on.
    ['2026-08-22T02:00:00Z', '1.32'],
    ['2026-08-23T02:00:00Z', '0.66'],
    ['2026-08-29T02:00:00Z', '0.66'],
    ['2026-08-30T02:00:00Z', '0.66'],
    ['2026-08-31T02:00:00Z', '1.32'],
  ])('of DeepSeek at %s: %s', (instant, expected) => {
    expect(total(bundled.price({ ...question, at: instant }))).toBe(expected);
  });

  it('may go over midnight, and leave out the days of a calendar', () => {
    const night = {
      timeZone: 'Europe/Paris',
      windows: [{ from: '22:00', until: '06:00' }],
      excludedCalendar: 'holidays',
    };
    const version = { rates: [{ input: '2' }, { when: { time: night }, input: '1' }] };
    const costAt = (instant: string) =>
      priceBy(version, usage, { at: instant }, { holidays: ['2026-07-14'] });
    // Paris is two hours ahead of UTC in summer, one in winter.
    expect(costAt('2026-07-10T19:59:00Z')).toBe('2');
    expect(costAt('2026-07-10T20:00:00Z')).toBe('1');
    expect(costAt('2026-07-11T03:59:59Z')).toBe('1');
    expect(costAt('2026-07-11T04:00:00Z')).toBe('2');
    expect(costAt('2026-01-10T20:00:00Z')).toBe('2');
    expect(costAt('2026-01-10T21:00:00Z')).toBe('1');
    expect(costAt('2026-07-14T02:00:00Z')).toBe('2');
  });
});

describe('free and unknown', () => {
  it('are told apart', () => {
    expect(priceBy({ free: true }, { inputTokens: 5, webSearches: 1 })).toBe('0');
    expect(priceBy({ rates: [{ input: '0', output: '0' }] }, { inputTokens: 5 })).toBe('0');
    expect(priceBy({ rates: [{ input: '1' }] }, { inputTokens: 5, webSearches: 1 })).toBe('unknown_rate');
    expect(priceBy({ validFrom: '2027-01-01T00:00:00Z', rates: [{ input: '1' }] }, { inputTokens: 5 })).toBe(
      'unknown_rate',
    );
  });

  it('charges the web search of a free model with :online', () => {
    const slug = bundled
      .models('openrouter', at)
      .find(({ model, tier }) => model.endsWith(':free') && tier === 'free');
    const cost = bundled.price({
      provider: 'openrouter',
      model: `${slug?.model}:online`,
      at,
      usage: { inputTokens: 100, outputTokens: 100 },
    });
    expect(total(cost)).toBe('0.02');
  });
});

describe('parts', () => {
  it('of a call are priced at the model that did them, and not as requests of their own', () => {
    const cost = bundled.price({
      provider: 'perplexity',
      model: 'sonar',
      at,
      usage: { inputTokens: 1000, outputTokens: 1000 },
      parts: [{ responseModel: 'sonar-pro', usage: { inputTokens: 1000 } }],
    });
    // 0.002 and the fee of one request, 0.005; then 0.003.
    expect(total(cost)).toBe('0.01');
  });

  it('without a price leave the whole without one', () => {
    const cost = bundled.price({
      provider: 'openai',
      model: 'gpt-4o',
      at,
      usage: { inputTokens: 1 },
      parts: [{ responseModel: 'gpt-99', usage: { inputTokens: 1 } }],
    });
    expect(cost).toMatchObject({ result: 'unpriced', reason: 'unknown_model' });
  });
});

describe('fallbacks', () => {
  it('are told, and reasoning inside of output is none', () => {
    const price = (usage: Usage) => bundled.price({ provider: 'openai', model: 'gpt-4-turbo', at, usage });
    expect(price({ inputTokens: 100, cacheReadInputTokens: 60 })).toMatchObject({
      warnings: ['No price for cache_read: priced as input'],
      lines: [{ meter: 'input' }, { meter: 'cache_read', pricedAs: 'input', unitPrice: '10' }],
    });
    expect(price({ outputTokens: 10, reasoningOutputTokens: 5 })).not.toHaveProperty('warnings');
  });
});
