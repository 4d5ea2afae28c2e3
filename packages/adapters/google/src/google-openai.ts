import { defineProvider, type Provider } from '@genops/core';
import { defineOpenaiChat, openaiEmbeddings } from '@genops/dialects';

/**
 * What the Gemini API serves to clients of OpenAI, at the prices of the Gemini API. Its answers do not
 * itemise thoughts: only the total counts them.
 *
 * @see https://ai.google.dev/gemini-api/docs/openai (checked 2026-11-20)
 */
export const googleOpenAI: Provider = defineProvider({
  id: 'google-openai',
  name: 'Google Gemini for clients of OpenAI',
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
  apiKeyEnv: 'GEMINI_API_KEY',
  authorize: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
  priceAs: (model) => ({ provider: 'google', model }),
  routes: [
    {
      kind: 'metered',
      method: 'POST',
      path: '/chat/completions',
      dialect: defineOpenaiChat({ remainder: 'reasoning' }),
    },
    { kind: 'metered', method: 'POST', path: '/embeddings', dialect: openaiEmbeddings },
    { kind: 'free', method: 'GET', path: '/models', operation: 'list_models' },
    { kind: 'free', method: 'GET', path: '/models/*', operation: 'list_models' },
  ],
  setup: { keyProbe: '/models' },
});
