import { describe, expect, it } from 'vitest';
import { catalogueProvider, makerOf } from './model-maker.ts';

describe('makerOf', () => {
  it.each([
    ['gpt-4o-mini', 'openai'],
    ['o3-mini', 'openai'],
    ['Claude-3-Sonnet', 'anthropic'],
    ['gemini-2.5-pro', 'google'],
    ['grok-4', 'x-ai'],
    ['open-mixtral-8x7b', 'mistral'],
    ['llama-2', undefined],
    ['orca-2', undefined],
    ['', undefined],
  ])('says who makes %j', (model, maker) => {
    expect(makerOf(model)).toBe(maker);
  });
});

describe('catalogueProvider', () => {
  it('knows other spellings and leaves the rest', () => {
    expect(['xai', 'Bedrock', 'openai', 'groq'].map(catalogueProvider)).toEqual([
      'x-ai',
      'aws-bedrock',
      'openai',
      'groq',
    ]);
  });
});
