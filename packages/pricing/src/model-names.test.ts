import { describe, expect, it } from 'vitest';
import { createPricing } from './create-pricing.ts';
import { parsePriceFile } from './parse-price-file.ts';

const at = '2026-09-24T12:00:00Z';
const prices = createPricing();

describe('looking a model up', () => {
  it.each([
    // Dated names, aliases and other spellings.
    ['openai', 'gpt-4o-2024-11-20', 'gpt-4o'],
    ['openai', 'gpt-4o-2024-05-13', 'gpt-4o-2024-05-13'],
    ['openai', 'gpt-5.6-sol-2026-06-30', 'gpt-5.6-sol'],
    ['openai', 'GPT-4o', 'gpt-4o'],
    ['openai', 'openai/gpt-4o', 'gpt-4o'],
    ['openai', 'ft:gpt-4o-2024-08-06:acme::Abc123', 'ft:gpt-4o'],
    ['openai', 'ft:gpt-4o-mini-2024-07-18:acme:suffix:id', 'ft:gpt-4o-mini'],
    ['anthropic', 'claude-3-5-haiku-20241022', 'claude-3-5-haiku-latest'],
    ['anthropic', 'claude-sonnet-4-20250514', 'claude-sonnet-4-0'],
    ['anthropic', 'claude-4.5-sonnet', 'claude-sonnet-4-5'],
    ['x-ai', 'grok-3-latest', 'grok-3'],
    ['cohere', 'command-r-08-2024', 'command-r-08-2024'],
    // Resource names of Google.
    ['google', 'models/gemini-2.5-pro', 'gemini-2.5-pro'],
    ['google', 'gemini-2.5-pro-preview-05-06', 'gemini-2.5-pro'],
    ['google-vertex', 'claude-haiku-4-5@20251001', 'claude-haiku-4-5'],
    ['google-vertex', 'publishers/anthropic/models/claude-opus-4-1@20250805', 'claude-opus-4-1'],
    [
      'google-vertex',
      'projects/p/locations/us-east5/publishers/google/models/gemini-2.5-flash',
      'gemini-2.5-flash',
    ],
    // Bedrock: profiles, resource names, context variants.
    ['aws-bedrock', 'us.anthropic.claude-opus-4-6-v1', 'regional.anthropic.claude-opus-4-6-v1:0'],
    [
      'aws-bedrock',
      'arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0',
      'amazon.nova-pro-v1:0',
    ],
    [
      'aws-bedrock',
      'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-6-v1',
      'regional.anthropic.claude-opus-4-6-v1:0',
    ],
    [
      'aws-bedrock',
      'anthropic.claude-3-sonnet-20240229-v1:0:200k',
      'regional.anthropic.claude-3-sonnet-20240229-v1:0',
    ],
    // OpenRouter: request and response slugs, suffixes.
    ['openrouter', 'anthropic/claude-4.5-sonnet-20250929', 'anthropic/claude-sonnet-4.5'],
    ['openrouter', 'openai/gpt-4o-mini:nitro', 'openai/gpt-4o-mini'],
    ['openrouter', 'openai/gpt-4o-mini:online', 'openai/gpt-4o-mini'],
    ['openrouter', 'openai/gpt-4o-mini:exacto', 'openai/gpt-4o-mini'],
    ['fireworks', 'accounts/fireworks/models/deepseek-v3p2', 'deepseek-v3p2'],
    // Ids of the provider in other vocabularies.
    ['aws.bedrock', 'amazon.nova-lite-v1:0', 'amazon.nova-lite-v1:0'],
    ['xai', 'grok-4.3', 'grok-4.3'],
    // Sold on by others.
    ['azure', 'gpt-35-turbo', 'gpt-3.5-turbo'],
    ['helicone', 'gpt-4o-mini/openai', 'gpt-4o-mini'],
    ['helicone', 'claude-sonnet-4-5', 'claude-sonnet-4-5'],
    ['skyrouter', 'anthropic/claude-opus-5', 'claude-opus-5'],
    ['ollama', 'whatever-i-pulled', '*'],
  ])('finds %s %s', (provider, name, model) => {
    expect(prices.model(provider, name, at)?.model).toBe(model);
  });

  it.each([
    ['openai', 'gpt-99-imaginary'],
    ['openai', 'gpt-4.1-foo'],
    ['openai', 'gpt-4o-mini-foo'],
    ['openai', 'gpt'],
    ['openai', 'ft:unknown:acme::x'],
    ['openai', 'constructor'],
    ['openai', '__proto__'],
    ['openai', ''],
    ['openai', '*'],
    ['anthropic', 'claude'],
    ['anthropic', 'claude-sonnet-4-5-20259999'],
    ['aws-bedrock', 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123'],
    ['openrouter', 'openrouter/auto'],
    ['nobody', 'gpt-4o'],
  ])('does not take %s %s for another model', (provider, name) => {
    expect(prices.model(provider, name, at)).toBeUndefined();
  });

  it('says when a date was taken off the name', () => {
    const cost = prices.price({
      provider: 'openai',
      model: 'gpt-4.1-2027-02-03',
      at,
      usage: { inputTokens: 1 },
    });
    expect(cost).toMatchObject({ warnings: ['"gpt-4.1-2027-02-03" is not listed: priced as "gpt-4.1"'] });
  });

  it('reads the caller’s own names, whatever they look like', () => {
    const deployments = parsePriceFile({
      provider: 'azure',
      deployments: {
        'chat-prod': 'gpt-4o-mini',
        'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123': 'gpt-4o',
      },
      models: [],
    });
    const own = createPricing({ overrides: [deployments] });
    expect(own.model('azure', 'chat-prod', at)?.model).toBe('gpt-4o-mini');
    expect(own.model('azure', 'chat-dev', at)).toBeUndefined();
  });

  it('remembers a bounded number of names', () => {
    for (let index = 0; index < 25_000; index++) prices.model('openai', `made-up-${index}`, at);
    expect(prices.model('openai', 'gpt-4o', at)?.model).toBe('gpt-4o');
  });
});
