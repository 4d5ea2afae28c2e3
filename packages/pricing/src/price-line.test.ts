import { describe, expect, it } from 'vitest';
import { createPricing } from './create-pricing.ts';
import { priceLine } from './price-line.ts';

const prices = createPricing();
const line = {
  id: 'x',
  provider: 'openai',
  model: 'gpt-4o',
  at: '2026-09-24T12:00:00Z',
  usage: { input_tokens: 10, output_tokens: 5 },
};

describe('priceLine', () => {
  it('answers in the spelling of the file', () => {
    expect(priceLine(prices, line)).toEqual({
      id: 'x',
      cost_usd: '0.000075',
      error: null,
      components: [
        {
          unit: 'input_tokens_uncached',
          quantity: '10',
          rate_usd: '2.5',
          per: '1000000',
          subtotal_usd: '0.000025',
        },
        { unit: 'output_tokens', quantity: '5', rate_usd: '10', per: '1000000', subtotal_usd: '0.00005' },
      ],
      basis: 'computed',
      price_version: 'openai/gpt-4o@initial',
    });
  });

  it('takes the reported cost, and the instant of the caller when a line has none', () => {
    const { at: _, ...undated } = line;
    const priced = priceLine(
      prices,
      { ...undated, reported_cost_usd: '0.0001' },
      { at: '2026-10-01T00:00:00Z' },
    );
    expect(priced).toMatchObject({ cost_usd: '0.0001', basis: 'reported', error: null });
  });

  it.each([
    ['a negative counter', { input_tokens: -1 }, 'invalid_usage'],
    ['a fraction', { input_tokens: 1.5 }, 'invalid_usage'],
    ['NaN', { input_tokens: Number.NaN }, 'invalid_usage'],
    ['infinity', { output_tokens: Number.POSITIVE_INFINITY }, 'invalid_usage'],
    ['more than 2^53', { input_tokens: 2 ** 53 }, 'invalid_usage'],
    ['text', { input_tokens: '10' }, 'invalid_usage'],
    ['null', { input_tokens: null }, 'invalid_usage'],
    ['a boolean', { input_tokens: true }, 'invalid_usage'],
    ['a counter nobody knows', { input_tokens: 1, magic_tokens: 3 }, 'invalid_usage'],
    ['more cached than there is', { input_tokens: 5, cache_read_tokens: 6 }, 'invalid_usage'],
    ['a part without its whole', { cache_read_tokens: 6 }, 'invalid_usage'],
    ['a list of one bad usage', [{ input_tokens: 1 }, { input_tokens: -1 }], 'invalid_usage'],
    ['text in place of counters', 'lots', 'invalid_usage'],
    ['no usage', undefined, 'usage_missing'],
    ['usage of null', null, 'usage_missing'],
  ])('refuses %s', (_, usage, error) => {
    expect(priceLine(prices, { ...line, usage })).toMatchObject({
      id: 'x',
      cost_usd: null,
      error,
      components: [],
    });
  });

  it.each([
    ['an unknown model', { model: 'gpt-99-imaginary' }, 'unknown_model'],
    ['an unknown provider', { provider: 'nobody' }, 'unknown_provider'],
    ['a counter without a price', { model: 'text-embedding-3-small' }, 'unknown_rate'],
    ['no provider', { provider: undefined }, 'invalid_request'],
    ['a model that is no text', { model: 4 }, 'invalid_request'],
    ['an empty model', { model: '' }, 'invalid_request'],
    ['a time that is none', { at: 'soon' }, 'invalid_request'],
    ['options that are a list', { options: ['low'] }, 'invalid_request'],
    ['an option that is an object', { options: { search_context_size: {} } }, 'invalid_request'],
    ['a reported cost that is a float', { reported_cost_usd: 0.1 }, 'invalid_money'],
    ['an action nobody knows', { action: 'refund' }, 'invalid_request'],
    ['a fee of nothing', { action: 'credit_purchase', usage: {} }, 'invalid_request'],
  ])('refuses %s', (_, change, error) => {
    expect(priceLine(prices, { ...line, ...change })).toMatchObject({ cost_usd: null, error });
  });

  it.each([null, undefined, 'text', 7, [], [line]])('never throws, whatever the line is: %j', (anything) => {
    expect(priceLine(prices, anything)).toMatchObject({ id: null, cost_usd: null, error: 'usage_missing' });
  });
});

describe('fees', () => {
  const fee = (usage: unknown, action = 'credit_purchase', provider = 'openrouter') =>
    priceLine(prices, { id: 'f', kind: 'fee', provider, model: null, action, usage });

  it.each([
    ['by card', { credits_usd: '20', method: 'card' }, '1.1'],
    ['by card, at the minimum', { credits_usd: '5', method: 'card' }, '0.8'],
    ['by card, for nothing', { credits_usd: '0', method: 'card' }, '0'],
    ['by crypto', { credits_usd: '100', method: 'crypto' }, '5'],
  ])('of credits %s', (_, usage, expected) => {
    expect(fee(usage).cost_usd).toBe(expected);
  });

  it('of one’s own key begin beyond the free quota, counted in requests or in spend', () => {
    const byok = (usage: object) => fee({ provider_cost_usd: '2', ...usage }, 'byok_request').cost_usd;
    expect(byok({})).toBe('0.1');
    expect(byok({ requests_this_month: 999_999 })).toBe('0');
    expect(byok({ requests_this_month: 1_000_000 })).toBe('0.1');
    expect(byok({ spend_this_month_usd: '24997' })).toBe('0');
    expect(byok({ spend_this_month_usd: '24999' })).toBe('0.05');
    expect(byok({ spend_this_month_usd: '30000' })).toBe('0.1');
  });

  it('of a gateway without a markup leave the provider’s cost as it is', () => {
    expect(fee({ provider_cost_usd: '0.012345' }, 'gateway_request', 'helicone').cost_usd).toBe('0.012345');
  });

  it('are not guessed', () => {
    expect(fee({ credits_usd: '20', method: 'cheque' })).toMatchObject({
      cost_usd: null,
      error: 'unknown_rate',
    });
    expect(fee({ credits_usd: '20' }, 'credit_purchase', 'nobody')).toMatchObject({
      error: 'unknown_provider',
    });
  });
});
