import { defineProvider, type Provider } from '@genops/core';
import { openaiRoutes } from './routes.ts';

/**
 * OpenAI at its own address. What neither a request nor its answer tells the cost of, such as a training or a
 * batch, is recorded without a price; results of batches are priced when they are read.
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
  routes: openaiRoutes,
});
