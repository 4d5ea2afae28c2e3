import { defineProvider, freeRoutes, meteredRoutes, type Provider } from '@genops/core';
import { anthropicBatches, anthropicBatchResults, anthropicMessages, unmetered } from '@genops/dialects';

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
    ...meteredRoutes(anthropicMessages, ['/v1/messages']),
    ...meteredRoutes(anthropicBatches, ['/v1/messages/batches']),
    ...meteredRoutes(unmetered('text_completion', anthropicMessages), ['/v1/complete']),
    {
      kind: 'results',
      method: 'GET',
      path: '/v1/messages/batches/*/results',
      results: anthropicBatchResults,
    },
    ...freeRoutes(['POST /v1/messages/count_tokens'], { operation: 'count_tokens' }),
    ...freeRoutes(['GET /v1/models', 'GET /v1/models/*'], { operation: 'list_models' }),
    ...freeRoutes(
      [
        'GET /v1/messages/batches',
        'GET /v1/messages/batches/*',
        'DELETE /v1/messages/batches/*',
        'POST /v1/messages/batches/*/cancel',
      ],
      { operation: 'batch', reach: 'account' },
    ),
    ...freeRoutes(
      [
        'POST /v1/files',
        'GET /v1/files',
        'GET /v1/files/*',
        'DELETE /v1/files/*',
        'GET /v1/files/*/content',
        'POST /v1/skills',
        'GET /v1/skills',
        'GET /v1/skills/*',
        'DELETE /v1/skills/*',
        'POST /v1/skills/*/versions',
        'GET /v1/skills/*/versions',
        'GET /v1/skills/*/versions/*',
        'DELETE /v1/skills/*/versions/*',
      ],
      { reach: 'account' },
    ),
  ],
  setup: {
    baseUrlEnv: { name: 'ANTHROPIC_BASE_URL' },
    apiKeyShape: { pattern: /^sk-ant-[\w-]{20,}$/, example: 'sk-ant-…' },
    keyProbe: '/v1/models',
  },
});
