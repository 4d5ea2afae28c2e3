import { defineProvider, type Provider } from '@genops/core';
import { gemini } from '@genops/dialects';

/**
 * The Gemini API, in each of its versions.
 *
 * @see https://ai.google.dev/api (checked 2026-11-20)
 */
export const google: Provider = defineProvider({
  id: 'google',
  name: 'Google Gemini',
  baseUrl: 'https://generativelanguage.googleapis.com',
  apiKeyEnv: 'GEMINI_API_KEY',
  authorize: (apiKey) => ({ 'x-goog-api-key': apiKey }),
  routes: [
    { kind: 'metered', method: 'POST', path: '/*/models/*:generateContent', dialect: gemini },
    { kind: 'metered', method: 'POST', path: '/*/models/*:streamGenerateContent', dialect: gemini },
    { kind: 'free', method: 'POST', path: '/*/models/*:countTokens', operation: 'count_tokens' },
    { kind: 'free', method: 'GET', path: '/*/models', operation: 'list_models' },
    { kind: 'free', method: 'GET', path: '/*/models/*', operation: 'list_models' },
  ],
  setup: {
    baseUrlEnv: { name: 'GOOGLE_GEMINI_BASE_URL' },
    apiKeyEnvAliases: ['GOOGLE_API_KEY'],
    apiKeyShape: { pattern: /^AIza[\w-]{35}$|^AQ\.[\w-]{20,}$/, example: 'AIza…' },
    keyProbe: '/v1beta/models',
  },
});
