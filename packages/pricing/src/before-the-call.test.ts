import { amountOf, money, type RequestFacts } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { createCatalog } from './catalog.ts';
import { compareCosts, estimateMigration } from './compare-costs.ts';
import { createPricing } from './create-pricing.ts';
import { parsePriceFile } from './parse-price-file.ts';
import type { Bound } from './pricing.ts';
import { quote } from './quote.ts';

const at = '2026-09-24T12:00:00Z';
const prices = createPricing();

const made = (model: object) =>
  createPricing({
    catalog: createCatalog([parsePriceFile({ provider: 'made-up', models: [{ model: 'm', ...model }] })]),
  });
const facts: RequestFacts = {
  requestModel: 'm',
  stream: false,
  choices: 1,
  inputBytes: 488,
  maxOutputTokens: 1000,
};
const ask = { provider: 'made-up', model: 'm', at, facts };

function total(bound: Bound): string {
  return bound.result === 'bounded' ? amountOf(bound.cost.total) : bound.reason;
}

describe('compareCosts', () => {
  it('puts the cheapest first and what has no price last', () => {
    const usage = { inputTokens: 1000, outputTokens: 1000 };
    const candidates = [
      { provider: 'anthropic', model: 'claude-opus-5' },
      { provider: 'openai', model: 'gpt-99' },
      { provider: 'openai', model: 'gpt-4o-mini' },
      { provider: 'openai', model: 'gpt-4o-mini', serviceTier: 'batch' },
    ];
    const compared = compareCosts(prices, { usage, at, candidates });
    expect(
      compared.map(({ candidate, aboveCheapest }) => [candidate, aboveCheapest && amountOf(aboveCheapest)]),
    ).toEqual([
      [candidates[3], '0'],
      [candidates[2], '0.000375'],
      [candidates[0], '0.029625'],
      [candidates[1], undefined],
    ]);
  });

  it('does not compare across currencies', () => {
    const euros = parsePriceFile({
      provider: 'euros',
      currency: 'EUR',
      models: [{ model: 'm', versions: [{ rates: [{ input: '1' }] }] }],
    });
    const mixed = createPricing({ overrides: [euros] });
    const candidates = [
      { provider: 'openai', model: 'gpt-4o-mini' },
      { provider: 'euros', model: 'm' },
    ];
    const compared = compareCosts(mixed, { usage: { inputTokens: 1 }, at, candidates });
    expect(compared.map(({ aboveCheapest }) => aboveCheapest !== undefined)).toEqual([true, false]);
  });
});

describe('estimateMigration', () => {
  const calls = [
    { usage: { inputTokens: 900_000, outputTokens: 100_000 }, cost: money('3.25'), at },
    {
      usage: { inputTokens: 100_000, outputTokens: 900_000, cacheReadInputTokens: 50_000 },
      cost: money('9.1875'),
      at,
    },
  ];

  it('prices real calls elsewhere, call by call', () => {
    const { current, estimates } = estimateMigration(prices, {
      calls,
      candidates: [
        { provider: 'openai', model: 'gpt-4o-mini' },
        { provider: 'anthropic', model: 'claude-opus-5' },
        { provider: 'openai', model: 'gpt-99' },
      ],
    });
    expect(amountOf(current)).toBe('12.4375');
    expect(
      estimates.map(({ total, saving, unpriced }) => [
        total && amountOf(total),
        saving && amountOf(saving),
        unpriced,
      ]),
    ).toEqual([
      ['0.74625', '11.69125', 0],
      ['29.775', '-17.3375', 0],
      [undefined, undefined, 2],
    ]);
  });

  it('takes the prices of the time of each call, or of one instant', () => {
    const then = [{ ...(calls[0] as (typeof calls)[number]), at: '2026-08-01T00:00:00Z' }];
    const candidates = [{ provider: 'openai', model: 'gpt-5.6-sol' }];
    const [past] = estimateMigration(prices, { calls: then, candidates }).estimates;
    const [now] = estimateMigration(prices, { calls: then, candidates, at }).estimates;
    expect([past?.total && amountOf(past.total), now?.total && amountOf(now.total)]).toEqual([
      '13.5',
      '10.2',
    ]);
  });
});

describe('quote', () => {
  it('says what work will probably cost, and the most that it can', () => {
    const { expected, most } = quote(prices, {
      provider: 'openai',
      model: 'gpt-4o-mini',
      at,
      text: 'Summarise this.'.repeat(100),
      promptTokens: 401,
      outputTokens: 200,
      maxOutputTokens: 1000,
    });
    expect(total(expected)).toBe('0.00018015');
    // 1,500 bytes and 512 of overhead at 0.15, 1,000 tokens at 0.6.
    expect(total(most)).toBe('0.0009018');
  });

  it('is unpriced where there is no price', () => {
    expect(total(quote(prices, { provider: 'openai', model: 'gpt-99', at, text: 'Hi' }).most)).toBe(
      'unknown_model',
    );
  });
});

describe('models', () => {
  it('are listed with their prices, limits and tier', () => {
    expect(prices.model('openai', 'gpt-4o-mini-2024-07-18', at)).toMatchObject({
      provider: 'openai',
      model: 'gpt-4o-mini',
      contextTokens: 128_000,
      maxOutputTokens: 16_384,
      currency: 'USD',
      prices: { input: { unitPrice: '0.15', per: '1000000' }, output: { unitPrice: '0.6' } },
      tier: 'economy',
    });
    expect(prices.models('openrouter', at).length).toBeGreaterThan(500);
    expect(prices.models('nobody', at)).toEqual([]);
    expect(prices.providers).toContain('anthropic');
  });

  it.each([
    ['google', 'gemma-3-27b-it', 'free'],
    ['openai', 'gpt-5-nano', 'economy'],
    ['openai', 'gpt-4o', 'balanced'],
    ['anthropic', 'claude-opus-5', 'premium'],
    ['openai', 'gpt-5.2-pro', 'flagship'],
    ['openai', 'whisper-1', undefined],
  ])('%s %s is %s, by its price', (provider, model, tier) => {
    expect(prices.model(provider, model, at)?.tier).toBe(tier);
  });

  it('are listed as they were at an instant', () => {
    expect(prices.model('openai', 'o3', '2025-06-09T23:59:59Z')?.prices.input?.unitPrice).toBe('10');
    expect(prices.model('deepseek', 'deepseek-v4.1-flash', '2026-01-01T00:00:00Z')).toBeUndefined();
  });
});

describe('volumeDiscount', () => {
  const step = (unit: string, min: string, below: string | undefined, factor: string) => ({
    factor,
    stage: 'contract',
    when: { volume: { unit, min, ...(below && { below }) } },
  });
  const contract = made({
    versions: [
      {
        rates: [{ input: '1' }],
        modifiers: [step('spend', '1000', '10000', '0.95'), step('spend', '10000', undefined, '0.88')],
      },
    ],
  });

  it.each([
    ['0', undefined, '0.95', '1000'],
    ['999.5', undefined, '0.95', '0.5'],
    ['1000', '0.95', '0.88', '9000'],
    ['50000', '0.88', undefined, undefined],
  ])('after %s spent', (spend, current, next, missing) => {
    const found = contract.volumeDiscount({
      provider: 'made-up',
      model: 'm',
      at,
      volume: { spend: money(spend) },
    });
    expect(found.steps).toHaveLength(2);
    expect([found.current?.factor, found.next?.factor, found.next?.missing]).toEqual([
      current,
      next,
      missing,
    ]);
  });

  it('has no steps where there is no contract', () => {
    expect(prices.volumeDiscount({ provider: 'openai', model: 'gpt-4o', at })).toEqual({ steps: [] });
  });
});

describe('upperBound', () => {
  const rates = [{ input: '1', output: '2' }];

  it('counts a byte of the request as a token, and what providers add', () => {
    expect(made({ versions: [{ rates }] }).upperBound(ask)).toMatchObject({
      inputTokens: 1000,
      outputTokens: 1000,
    });
    expect(total(made({ versions: [{ rates }] }).upperBound(ask))).toBe('0.003');
  });

  it('never goes beyond the context window, and lets media of unknown size fill it', () => {
    const model = made({ contextTokens: 600, versions: [{ rates: [{ ...rates[0], input_audio: '10' }] }] });
    expect(model.upperBound(ask)).toMatchObject({ inputTokens: 600, outputTokens: 600 });
    const audio = { ...facts, media: { audio: 1 } };
    expect(total(model.upperBound({ ...ask, facts: audio }))).toBe('0.0072');
  });

  it('counts images by what the model makes of them', () => {
    const model = made({ contextTokens: 100_000, maxImageTokens: 1500, versions: [{ rates }] });
    const images = { ...facts, media: { image: 2 } };
    expect(model.upperBound({ ...ask, facts: images })).toMatchObject({ inputTokens: 4000 });
  });

  it.each([
    // The largest picture at the highest quality, and a prompt of 488 bytes.
    ['gpt-image-1', undefined, {}, 6240 * 40 + 488 * 5],
    ['gpt-image-2', undefined, {}, 23_719 * 30 + 488 * 5],
    // Photos of 12 megapixels, as measured; the first is written to the cache.
    ['gpt-6-astra', 1, { image: 2 }, 2 * 14_364 * 12.5],
    ['gpt-5.5', 1, { image: 1 }, 11_868 * 5],
  ] as const)(
    'covers what pictures of %s are known to have cost',
    (model, maxOutputTokens, media, microdollars) => {
      const bound = prices.upperBound({
        provider: 'openai',
        model,
        region: 'global',
        at: '2026-11-10T12:00:00Z',
        facts: { ...facts, requestModel: model, maxOutputTokens, media } as RequestFacts,
      });
      expect(bound).not.toHaveProperty('maxOutputTokens');
      expect(Number(total(bound))).toBeGreaterThanOrEqual(microdollars / 1e6);
    },
  );

  it('does not make up a bound for media when nothing bounds it', () => {
    const model = made({ versions: [{ rates }] });
    expect(total(model.upperBound({ ...ask, facts: { ...facts, media: { video: 1 } } }))).toBe('unmetered');
  });

  it('asks nothing of answers that have none', () => {
    const embedding = made({ versions: [{ rates: [{ input: '1' }] }] });
    const { maxOutputTokens: _, ...uncapped } = facts;
    const bound = embedding.upperBound({ ...ask, facts: uncapped });
    expect(bound).toMatchObject({ outputTokens: 0 });
    expect(bound).not.toHaveProperty('maxOutputTokens');
  });

  it('takes what a request makes from its options, and refuses to guess the rest', () => {
    const images = made({
      versions: [
        { rates: [{ image: '0.04' }, { when: { options: { imageQuality: 'hd' } }, image: '0.08' }] },
      ],
    });
    expect(
      total(images.upperBound({ ...ask, facts: { ...facts, choices: 3, options: { imageQuality: 'hd' } } })),
    ).toBe('0.24');
    const video = made({ versions: [{ rates: [{ video_second: '0.1' }] }] });
    expect(total(video.upperBound(ask))).toBe('unmetered');
    expect(total(video.upperBound({ ...ask, facts: { ...facts, options: { videoSeconds: 8 } } }))).toBe(
      '0.8',
    );
    const speech = made({ versions: [{ rates: [{ character: '15' }] }] });
    expect(total(speech.upperBound(ask))).toBe('0.00732');
  });

  it('counts searches that the model may make', () => {
    const searching = made({ versions: [{ rates: [{ ...rates[0], web_search: '0.01' }] }] });
    expect(
      total(searching.upperBound({ ...ask, facts: { ...facts, options: { searchContextSize: 'low' } } })),
    ).toBe('0.103');
  });

  it('takes a region that the answer may name for the dearest', () => {
    const uplift = [{ factor: '1.1', stage: 'region', when: { region: ['us'] } }];
    const model = made({ versions: [{ rates, modifiers: uplift }] });
    expect(total(model.upperBound(ask))).toBe('0.0033');
    expect(total(model.upperBound({ ...ask, region: 'global' }))).toBe('0.003');
    expect(
      total(model.upperBound({ ...ask, facts: { ...facts, options: { inferenceGeo: 'global' } } })),
    ).toBe('0.003');
  });

  it('never hopes for a discount that may not come, and takes one that is certain', () => {
    const model = made({
      versions: [
        {
          rates,
          modifiers: [
            { factor: '0.5', stage: 'tier', when: { serviceTier: ['flex'] } },
            { factor: '0.9', stage: 'contract' },
          ],
        },
      ],
    });
    expect(total(model.upperBound({ ...ask, serviceTier: 'flex' }))).toBe('0.0027');
  });

  it('holds for every model that may serve, under one cap', () => {
    const file = parsePriceFile({
      provider: 'made-up',
      models: [
        { model: 'cheap', versions: [{ rates: [{ input: '1', output: '1' }] }] },
        { model: 'dear', maxOutputTokens: 100_000, versions: [{ rates: [{ input: '5', output: '5' }] }] },
      ],
    });
    const pricing = createPricing({ catalog: createCatalog([file]) });
    const { maxOutputTokens: _, ...uncapped } = facts;
    const either = { ...uncapped, alternativeModels: ['dear'] };
    const bound = pricing.upperBound({ ...ask, model: 'cheap', facts: either });
    // Capped for the model whose own limit nobody knows; 5,096 tokens at the price of the other.
    expect(bound).toMatchObject({ result: 'bounded', maxOutputTokens: 4096 });
    expect(total(bound)).toBe('0.02548');
    const unknown = { ...uncapped, alternativeModels: ['nobody-knows'] };
    expect(total(pricing.upperBound({ ...ask, model: 'cheap', facts: unknown }))).toBe('unknown_model');
  });
});

describe('estimate', () => {
  it('expects ordinary text and an ordinary answer, at the tier asked for', () => {
    const model = made({
      versions: [
        {
          rates: [
            { input: '1', output: '2' },
            { when: { serviceTier: ['flex'] }, input: '0.5', output: '1' },
          ],
        },
      ],
    });
    // 488 bytes are about 122 tokens; 512 of output.
    expect(total(model.estimate(ask))).toBe('0.001146');
    expect(total(model.estimate({ ...ask, serviceTier: 'flex' }))).toBe('0.000573');
    expect(total(model.estimate({ ...ask, serviceTier: 'ultrafast' }))).toBe('unknown_rate');
    expect(total(model.estimate({ ...ask, promptTokens: 100, outputTokens: 5000 }))).toBe('0.0021');
  });
});
