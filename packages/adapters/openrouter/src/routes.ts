import { freeRoutes, meteredRoutes, type ProviderRoute } from '@genops/core';
import {
  anthropicMessages,
  openaiChat,
  openaiCompletions,
  openaiEmbeddings,
  openaiResponses,
  unmetered,
} from '@genops/dialects';
import { renderOpenRouterError as renderError } from './errors.ts';

/**
 * What OpenRouter can be asked. Of what is not charged by text tokens nothing bounds the cost beforehand; what
 * OpenRouter says that it charged is believed.
 */
export const openrouterRoutes: readonly ProviderRoute[] = [
  ...meteredRoutes(openaiChat, ['/chat/completions'], { renderError }),
  ...meteredRoutes(openaiCompletions, ['/completions'], { renderError }),
  ...meteredRoutes(openaiResponses, ['/responses'], { renderError }),
  ...meteredRoutes(anthropicMessages, ['/messages']),
  ...meteredRoutes(openaiEmbeddings, ['/embeddings'], { renderError }),
  ...meteredRoutes(unmetered('rerank', openaiChat), ['/rerank'], { renderError }),
  ...meteredRoutes(unmetered('image_generation', openaiChat), ['/images'], { renderError }),
  ...meteredRoutes(unmetered('video_generation', openaiChat), ['/videos'], { renderError }),
  ...meteredRoutes(unmetered('speech', openaiChat), ['/audio/speech'], { renderError }),
  ...meteredRoutes(unmetered('transcription', openaiChat), ['/audio/transcriptions'], { renderError }),
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
