import { freeRoutes, meteredRoutes, type ProviderRoute } from '@genops/core';
import {
  anthropicMessages,
  openaiChat,
  openaiCompletions,
  openaiEmbeddings,
  openaiResponses,
  unmetered,
} from '@genops/dialects';

/**
 * What OpenRouter can be asked. Of what is not charged by text tokens nothing bounds the cost beforehand; what
 * OpenRouter says that it charged is believed.
 */
export const openrouterRoutes: readonly ProviderRoute[] = [
  ...meteredRoutes(openaiChat, ['/chat/completions']),
  ...meteredRoutes(openaiCompletions, ['/completions']),
  ...meteredRoutes(openaiResponses, ['/responses']),
  ...meteredRoutes(anthropicMessages, ['/messages']),
  ...meteredRoutes(openaiEmbeddings, ['/embeddings']),
  ...meteredRoutes(unmetered('rerank', openaiChat), ['/rerank']),
  ...meteredRoutes(unmetered('image_generation', openaiChat), ['/images']),
  ...meteredRoutes(unmetered('video_generation', openaiChat), ['/videos']),
  ...meteredRoutes(unmetered('speech', openaiChat), ['/audio/speech']),
  ...meteredRoutes(unmetered('transcription', openaiChat), ['/audio/transcriptions']),
  ...freeRoutes(
    [
      'GET /models',
      'GET /models/count',
      'GET /models/user',
      'GET /models/*',
      'GET /models/*/*',
      'GET /models/*/*/endpoints',
      'GET /embeddings/models',
      'GET /images/models',
      'GET /videos/models',
      'GET /endpoints/zdr',
    ],
    { operation: 'list_models' },
  ),
  ...freeRoutes(['GET /providers']),
  ...freeRoutes(
    [
      'GET /generation',
      'GET /key',
      'GET /credits',
      'GET /activity',
      'GET /videos/*',
      'GET /videos/*/content',
    ],
    { reach: 'account' },
  ),
];
