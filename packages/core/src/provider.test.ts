import { describe, expect, it } from 'vitest';
import { defineProvider, type Provider, withBaseUrl } from './provider.ts';

const record: Provider = {
  id: 'somebody',
  name: 'Somebody',
  baseUrl: 'https://api.example.com/v1',
  apiKeyEnv: 'SOMEBODY_API_KEY',
  authorize: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
  routes: [],
};

describe('defineProvider', () => {
  it.each([
    { id: 'Some Body' },
    { id: '' },
    { baseUrl: 'api.example.com' },
    { baseUrl: 'https://api.example.com/' },
  ])('refuses %j', (wrong) => {
    expect(() => defineProvider({ ...record, ...wrong })).toThrow(/expected/);
  });
});

describe('withBaseUrl', () => {
  it('moves a provider and keeps the rest', () => {
    expect(withBaseUrl(record, 'http://localhost:8080/v1/')).toEqual({
      ...record,
      baseUrl: 'http://localhost:8080/v1',
    });
  });
});
