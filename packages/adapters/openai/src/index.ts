import { defineProvider, type Provider } from '@genops/core';
import { openaiChat } from '@genops/dialects';

/**
 * OpenAI at its own address.
 *
 * @see https://platform.openai.com/docs/api-reference
 */
export const openai: Provider = defineProvider({
  id: 'openai',
  name: 'OpenAI',
  baseUrl: 'https://api.openai.com/v1',
  apiKeyEnv: 'OPENAI_API_KEY',
  authorize: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
  setup: {
    baseUrlEnv: { name: 'OPENAI_BASE_URL' },
    apiKeyShape: { pattern: /^sk-(?!ant-|or-)[\w-]{20,}$/, example: 'sk-proj-…' },
    keyProbe: '/models',
  },
  routes: [
    { kind: 'metered', method: 'POST', path: '/chat/completions', dialect: openaiChat },
    { kind: 'free', method: 'GET', path: '/models', operation: 'list_models' },
    { kind: 'free', method: 'GET', path: '/models/*', operation: 'list_models' },
  ],
});
