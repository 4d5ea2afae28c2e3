import { defineProvider, type Provider } from '@genops/core';
import { anthropicMessages } from '@genops/dialects';

/**
 * Anthropic at its own address.
 *
 * The version is sent only where the caller names none: the SDKs always do, and what a version means for the
 * request is between them and Anthropic.
 *
 * @see https://platform.claude.com/docs/en/api/overview (checked 2026-11-20)
 */
export const anthropic: Provider = defineProvider({
  id: 'anthropic',
  name: 'Anthropic',
  baseUrl: 'https://api.anthropic.com',
  apiKeyEnv: 'ANTHROPIC_API_KEY',
  authorize: (apiKey) => ({ 'x-api-key': apiKey }),
  headers: { 'anthropic-version': '2023-06-01' },
  routes: [
    { kind: 'metered', method: 'POST', path: '/v1/messages', dialect: anthropicMessages },
    { kind: 'free', method: 'POST', path: '/v1/messages/count_tokens', operation: 'count_tokens' },
    { kind: 'free', method: 'GET', path: '/v1/models', operation: 'list_models' },
    { kind: 'free', method: 'GET', path: '/v1/models/*', operation: 'list_models' },
    { kind: 'free', method: 'GET', path: '/v1/messages/batches', operation: 'batch' },
    { kind: 'free', method: 'GET', path: '/v1/messages/batches/*', operation: 'batch' },
    { kind: 'free', method: 'POST', path: '/v1/messages/batches/*/cancel', operation: 'batch' },
  ],
  setup: {
    baseUrlEnv: { name: 'ANTHROPIC_BASE_URL' },
    apiKeyShape: { pattern: /^sk-ant-[\w-]{20,}$/, example: 'sk-ant-…' },
    keyProbe: '/v1/models',
  },
});
