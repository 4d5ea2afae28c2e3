import { defineProvider, freeRoutes, meteredRoutes, type Provider } from '@genops/core';
import {
  defineOpenaiChat,
  openaiBatchResults,
  openaiEmbeddings,
  openaiImages,
  unmetered,
} from '@genops/dialects';

const compatibleChat = defineOpenaiChat({ remainder: 'reasoning' });

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
    ...meteredRoutes(compatibleChat, ['/chat/completions']),
    ...meteredRoutes(openaiEmbeddings, ['/embeddings']),
    ...meteredRoutes(openaiImages, ['/images/generations']),
    ...meteredRoutes(unmetered('video_generation', compatibleChat), ['/videos']),
    ...meteredRoutes(unmetered('batch', compatibleChat), ['/batches']),
    ...freeRoutes(['GET /models', 'GET /models/*'], { operation: 'list_models' }),
    ...freeRoutes(['GET /batches/*', 'POST /files', 'GET /files/*', 'GET /videos/*'], { reach: 'account' }),
    { kind: 'results', method: 'GET', path: '/files/*/content', results: openaiBatchResults },
  ],
  setup: { keyProbe: '/models' },
});
