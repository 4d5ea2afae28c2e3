import { defineProvider, freeRoutes, meteredRoutes, type Provider, refusedRoutes } from '@genops/core';
import {
  gemini,
  geminiBatches,
  geminiBatchFile,
  geminiBatchResults,
  geminiEmbeddings,
  imagen,
  unmetered,
} from '@genops/dialects';

const renewal = {
  kind: 'metered',
  method: 'PATCH',
  dialect: unmetered('generate_content', gemini),
} as const;

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
    ...meteredRoutes(gemini, ['/*/models/*:generateContent', '/*/models/*:streamGenerateContent']),
    ...meteredRoutes(gemini, ['/*/tunedModels/*:generateContent', '/*/tunedModels/*:streamGenerateContent']),
    ...meteredRoutes(geminiEmbeddings, ['/*/models/*:embedContent', '/*/models/*:batchEmbedContents']),
    ...meteredRoutes(imagen, ['/*/models/*:predict']),
    ...meteredRoutes(geminiBatches, ['/*/models/*:batchGenerateContent']),
    ...meteredRoutes(unmetered('batch', gemini), ['/*/models/*:asyncBatchEmbedContent']),
    ...meteredRoutes(unmetered('video_generation', gemini), ['/*/models/*:predictLongRunning']),
    // Kept at a price by the hour, for as long as somebody wants.
    ...meteredRoutes(unmetered('generate_content', gemini), ['/*/cachedContents', '/*/interactions']),
    { ...renewal, path: '/*/cachedContents/*' },
    ...meteredRoutes(unmetered('fine_tuning', gemini), ['/*/tunedModels']),
    ...meteredRoutes(unmetered('embeddings', gemini), [
      '/*/fileSearchStores/*:uploadToFileSearchStore',
      '/*/fileSearchStores/*:importFile',
      '/upload/*/fileSearchStores/*:uploadToFileSearchStore',
    ]),
    ...freeRoutes(['POST /*/models/*:countTokens'], { operation: 'count_tokens' }),
    ...freeRoutes(['GET /*/models', 'GET /*/models/*'], { operation: 'list_models' }),
    { kind: 'results', method: 'GET', path: '/*/batches/*', results: geminiBatchResults },
    { kind: 'results', method: 'GET', path: '/*/files/*:download', results: geminiBatchFile },
    { kind: 'results', method: 'GET', path: '/download/*/files/*:download', results: geminiBatchFile },
    ...freeRoutes(['GET /*/batches', 'POST /*/batches/*:cancel', 'DELETE /*/batches/*'], {
      operation: 'batch',
      reach: 'account',
    }),
    ...freeRoutes(
      [
        'GET /*/models/*/operations/*',
        'GET /*/operations/*',
        'GET /*/cachedContents',
        'GET /*/cachedContents/*',
        'DELETE /*/cachedContents/*',
        'POST /upload/*/files',
        'PUT /upload/*/files',
        'GET /*/files',
        'GET /*/files/*',
        'DELETE /*/files/*',
        'GET /*/interactions/*',
        'DELETE /*/interactions/*',
        'GET /*/tunedModels',
        'GET /*/tunedModels/*',
        'DELETE /*/tunedModels/*',
        'POST /*/fileSearchStores',
        'GET /*/fileSearchStores',
        'GET /*/fileSearchStores/*',
        'DELETE /*/fileSearchStores/*',
      ],
      { reach: 'account' },
    ),
    ...refusedRoutes('A live session goes over a socket past here, so what it costs could not be seen', [
      'GET /ws/*',
      'POST /*/auth_tokens',
    ]),
  ],
  setup: {
    baseUrlEnv: { name: 'GOOGLE_GEMINI_BASE_URL' },
    apiKeyEnvAliases: ['GOOGLE_API_KEY'],
    apiKeyShape: { pattern: /^AIza[\w-]{35}$|^AQ\.[\w-]{20,}$/, example: 'AIza…' },
    keyProbe: '/v1beta/models',
  },
});
