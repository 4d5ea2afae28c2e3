import { defineProvider, type Provider } from '@genops/core';
import {
  openaiChat,
  openaiCompletions,
  openaiEmbeddings,
  openaiImages,
  openaiResponses,
  openaiSpeech,
  openaiTranscription,
} from '@genops/dialects';

/**
 * OpenAI at its own address. Fine-tuning, batches, files, videos and realtime are not among its routes: what
 * they will cost cannot be held.
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
    { kind: 'metered', method: 'POST', path: '/responses', dialect: openaiResponses },
    { kind: 'metered', method: 'POST', path: '/completions', dialect: openaiCompletions },
    { kind: 'metered', method: 'POST', path: '/embeddings', dialect: openaiEmbeddings },
    { kind: 'metered', method: 'POST', path: '/images/generations', dialect: openaiImages },
    { kind: 'metered', method: 'POST', path: '/images/edits', dialect: openaiImages },
    { kind: 'metered', method: 'POST', path: '/audio/speech', dialect: openaiSpeech },
    { kind: 'metered', method: 'POST', path: '/audio/transcriptions', dialect: openaiTranscription },
    { kind: 'metered', method: 'POST', path: '/audio/translations', dialect: openaiTranscription },
    { kind: 'free', method: 'GET', path: '/responses/*' },
    { kind: 'free', method: 'DELETE', path: '/responses/*' },
    { kind: 'free', method: 'POST', path: '/responses/*/cancel' },
    { kind: 'free', method: 'GET', path: '/responses/*/input_items' },
    { kind: 'free', method: 'GET', path: '/models', operation: 'list_models' },
    { kind: 'free', method: 'GET', path: '/models/*', operation: 'list_models' },
  ],
});
