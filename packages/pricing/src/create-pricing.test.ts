import { amountOf, type Cost, hasErrorCode, money, type RequestFacts } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { createCatalog } from './catalog.ts';
import { createPricing } from './create-pricing.ts';
import { parsePriceFile } from './parse-price-file.ts';

const at = '2026-11-01T12:00:00Z';
const facts: RequestFacts = { requestModel: 'small', stream: false, choices: 1, inputBytes: 400 };

/** Prices of a provider that nobody else knows. */
function simulated(versions: unknown[], entry: Record<string, unknown> = {}) {
  return parsePriceFile({ provider: 'simulated', models: [{ model: 'small', ...entry, versions }] });
}

function pricingOf(...versions: unknown[]) {
  return createPricing({ catalog: createCatalog([simulated(versions)]) });
}

function total(cost: Cost): string {
  return cost.result === 'priced' ? amountOf(cost.total) : cost.reason;
}

describe('createPricing', () => {
  it('prices a model of one’s own by the request', () => {
    const pricing = pricingOf({ rates: [{ request: '0.03', input: '0', output: '0' }] });
    const cost = pricing.price({
      provider: 'simulated',
      model: 'small',
      at,
      usage: { inputTokens: 10, outputTokens: 5 },
    });
    expect(total(cost)).toBe('0.03');
  });

  it('does not take a meter without a price for free', () => {
    const pricing = pricingOf({ rates: [{ request: '0.03' }] });
    const cost = pricing.price({ provider: 'simulated', model: 'small', at, usage: { inputTokens: 10 } });
    expect(cost).toMatchObject({ result: 'unpriced', reason: 'unknown_rate' });
  });

  it('says which of provider and model it does not know', () => {
    const pricing = pricingOf({ rates: [{ input: '1', output: '1' }] });
    const usage = { inputTokens: 1 };
    expect(total(pricing.price({ provider: 'nobody', model: 'small', at, usage }))).toBe('unknown_provider');
    expect(total(pricing.price({ provider: 'simulated', model: 'smaller', at, usage }))).toBe(
      'unknown_model',
    );
  });

  it('has prices for the chat models of the day', () => {
    const pricing = createPricing();
    for (const [provider, model] of [
      ['openai', 'gpt-6.1-sol'],
      ['openai', 'gpt-5.4-mini'],
      ['anthropic', 'claude-opus-5-5'],
      ['anthropic', 'claude-haiku-5-5'],
    ] as const) {
      const bound = pricing.upperBound({ provider, model, at, facts });
      expect(bound, model).toMatchObject({ result: 'bounded' });
      expect(bound, model).not.toHaveProperty('maxOutputTokens');
    }
  });

  it('takes what the provider reported, and shows the difference', () => {
    const pricing = pricingOf({ rates: [{ input: '1', output: '2' }] });
    const cost = pricing.price({
      provider: 'simulated',
      model: 'small',
      at,
      usage: { inputTokens: 1000, outputTokens: 500 },
      reportedCost: money('0.0025'),
    });
    expect(cost).toMatchObject({ result: 'priced', basis: 'reported' });
    if (cost.result !== 'priced' || cost.computed === undefined) throw new Error('expected both costs');
    expect([amountOf(cost.total), amountOf(cost.computed.total), amountOf(cost.computed.difference)]).toEqual(
      ['0.0025', '0.002', '0.0005'],
    );
  });

  it('refuses a time that is none', () => {
    const pricing = pricingOf({ rates: [{ input: '1', output: '2' }] });
    try {
      pricing.price({ provider: 'simulated', model: 'small', at: 'soon', usage: {} });
      expect.unreachable();
    } catch (error) {
      expect(hasErrorCode(error, 'invalid_configuration') && error.path).toBe('at');
    }
  });
});

describe('overrides', () => {
  const list = createCatalog([simulated([{ rates: [{ input: '2', output: '4' }] }], { aliases: ['tiny'] })]);
  const usage = { inputTokens: 1_000_000 };
  const question = { provider: 'simulated', model: 'small', usage };

  it('hold between their dates, under every name of the model', () => {
    const contract = simulated([
      {
        validFrom: '2026-02-01T00:00:00Z',
        validTo: '2026-03-01T00:00:00Z',
        rates: [{ input: '1', output: '1' }],
      },
    ]);
    const pricing = createPricing({ catalog: list, overrides: [contract] });
    const costAt = (instant: string, model = 'small') =>
      total(pricing.price({ ...question, model, at: instant }));
    expect(costAt('2026-01-31T23:59:59.999Z')).toBe('2');
    expect(costAt('2026-02-01T00:00:00Z')).toBe('1');
    expect(costAt('2026-02-28T23:59:59Z', 'tiny')).toBe('1');
    expect(costAt('2026-03-01T00:00:00Z')).toBe('2');
  });

  it('put a discount on list prices', () => {
    const discount = parsePriceFile({
      provider: 'simulated',
      models: [{ model: '*', versions: [{ modifiers: [{ factor: '0.85', stage: 'contract' }] }] }],
    });
    const pricing = createPricing({ catalog: list, overrides: [discount] });
    const cost = pricing.price({ ...question, at });
    expect(cost).toMatchObject({ lines: [{ meter: 'input', unitPrice: '2', factor: '0.85' }] });
    expect(total(cost)).toBe('1.7');
  });

  it('give models names of the caller’s own', () => {
    const names = parsePriceFile({
      provider: 'simulated',
      deployments: { 'our-deployment': 'small' },
      models: [],
    });
    const pricing = createPricing({ catalog: list, overrides: [names] });
    expect(total(pricing.price({ ...question, model: 'our-deployment', at }))).toBe('2');
  });
});

describe('upperBound', () => {
  const model = { provider: 'simulated', model: 'small', at };

  it('asks for a cap where neither the caller nor the catalogue has one', () => {
    const pricing = pricingOf({ rates: [{ input: '1', output: '1' }] });
    expect(pricing.upperBound({ ...model, facts })).toMatchObject({
      maxOutputTokens: 4096,
      outputTokens: 4096,
    });
    const capped = pricing.upperBound({ ...model, facts: { ...facts, maxOutputTokens: 10, choices: 3 } });
    expect(capped).toMatchObject({ outputTokens: 30 });
    expect(capped).not.toHaveProperty('maxOutputTokens');
  });

  it('holds the dearest tier that may serve', () => {
    const pricing = pricingOf({
      rates: [
        { input: '1', output: '1' },
        { when: { serviceTier: ['priority'] }, input: '2', output: '2' },
        { when: { serviceTier: ['flex'] }, input: '0.5', output: '0.5' },
      ],
    });
    const boundAt = (serviceTier?: string) => {
      const asked = { ...facts, maxOutputTokens: 88, ...(serviceTier && { serviceTier }) };
      const bound = pricing.upperBound({ ...model, facts: asked });
      return bound.result === 'bounded' ? total(bound.cost) : bound.reason;
    };
    expect(boundAt()).toBe('0.001');
    expect(boundAt('flex')).toBe('0.001');
    expect(boundAt('priority')).toBe('0.002');
    expect(boundAt('auto')).toBe('0.002');
    expect(boundAt('ultrafast')).toBe('unknown_rate');
  });
});
