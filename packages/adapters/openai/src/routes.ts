import { freeRoutes, meteredRoutes, type ProviderRoute, refusedRoutes } from '@genops/core';
import {
  openaiBackgroundResults,
  openaiBatches,
  openaiBatchInput,
  openaiBatchResults,
  openaiBatchState,
  openaiChat,
  openaiCompletions,
  openaiEmbeddings,
  openaiImages,
  openaiResponses,
  openaiSpeech,
  openaiTranscription,
  unmetered,
} from '@genops/dialects';

const asked: readonly ProviderRoute[] = [
  ...meteredRoutes(openaiChat, ['/chat/completions']),
  ...meteredRoutes(openaiResponses, ['/responses', '/responses/compact']),
  ...meteredRoutes(openaiCompletions, ['/completions']),
  ...meteredRoutes(openaiEmbeddings, ['/embeddings']),
  ...meteredRoutes(openaiImages, ['/images/generations', '/images/edits']),
  ...meteredRoutes(openaiSpeech, ['/audio/speech']),
  ...meteredRoutes(openaiTranscription, ['/audio/transcriptions', '/audio/translations']),
  ...freeRoutes(['GET /models', 'GET /models/*'], { operation: 'list_models' }),
  ...freeRoutes(['POST /moderations'], { operation: 'moderation' }),
  ...freeRoutes(['POST /responses/input_tokens'], { operation: 'count_tokens' }),
];

/** What these cost depends on what was uploaded, on how long it runs, or on how long it is kept. */
const ordered: readonly ProviderRoute[] = [
  ...meteredRoutes(openaiBatches, ['/batches']),
  ...meteredRoutes(unmetered('fine_tuning', openaiChat), [
    '/fine_tuning/jobs',
    '/fine_tuning/jobs/*/resume',
    '/fine_tuning/alpha/graders/run',
  ]),
  ...meteredRoutes(unmetered('image_generation', openaiChat), ['/images/variations']),
  ...meteredRoutes(unmetered('video_generation', openaiChat), ['/videos', '/videos/*/remix']),
  ...meteredRoutes(unmetered('embeddings', openaiChat), [
    '/vector_stores',
    '/vector_stores/*/files',
    '/vector_stores/*/file_batches',
    '/vector_stores/*/search',
  ]),
  ...meteredRoutes(unmetered('chat', openaiChat), ['/containers', '/evals/*/runs']),
];

/** What the account keeps. */
const kept: readonly ProviderRoute[] = [
  { kind: 'results', method: 'GET', path: '/batches/*', results: openaiBatchState },
  ...freeRoutes(['POST /files'], { reach: 'account', upload: openaiBatchInput }),
  ...freeRoutes(['GET /batches', 'POST /batches/*/cancel'], {
    operation: 'batch',
    reach: 'account',
  }),
  { kind: 'results', method: 'GET', path: '/files/*/content', results: openaiBatchResults },
  { kind: 'results', method: 'GET', path: '/responses/*', results: openaiBackgroundResults },
  ...freeRoutes(
    [
      'GET /files',
      'GET /files/*',
      'DELETE /files/*',
      'POST /uploads',
      'POST /uploads/*/parts',
      'POST /uploads/*/complete',
      'POST /uploads/*/cancel',
      'DELETE /responses/*',
      'POST /responses/*/cancel',
      'GET /responses/*/input_items',
      'POST /conversations',
      'GET /conversations/*',
      'POST /conversations/*',
      'DELETE /conversations/*',
      'GET /conversations/*/items',
      'POST /conversations/*/items',
      'GET /conversations/*/items/*',
      'DELETE /conversations/*/items/*',
      'GET /chat/completions',
      'GET /chat/completions/*',
      'POST /chat/completions/*',
      'DELETE /chat/completions/*',
      'GET /chat/completions/*/messages',
      'DELETE /models/*',
      'GET /fine_tuning/jobs',
      'GET /fine_tuning/jobs/*',
      'GET /fine_tuning/jobs/*/events',
      'GET /fine_tuning/jobs/*/checkpoints',
      'POST /fine_tuning/jobs/*/cancel',
      'POST /fine_tuning/jobs/*/pause',
      'GET /videos',
      'GET /videos/*',
      'DELETE /videos/*',
      'GET /videos/*/content',
      'GET /vector_stores',
      'GET /vector_stores/*',
      'POST /vector_stores/*',
      'DELETE /vector_stores/*',
      'GET /vector_stores/*/files',
      'GET /vector_stores/*/files/*',
      'DELETE /vector_stores/*/files/*',
      'GET /vector_stores/*/file_batches/*',
      'POST /vector_stores/*/file_batches/*/cancel',
      'GET /containers',
      'GET /containers/*',
      'DELETE /containers/*',
      'GET /containers/*/files',
      'POST /containers/*/files',
      'GET /containers/*/files/*/content',
    ],
    { reach: 'account' },
  ),
];

/**
 * What OpenAI can be asked, as far as it is known.
 *
 * @see https://platform.openai.com/docs/api-reference (checked 2026-11-30)
 */
export const openaiRoutes: readonly ProviderRoute[] = [
  ...asked,
  ...ordered,
  ...kept,
  ...refusedRoutes('A realtime session goes over a socket past here, so what it costs could not be seen', [
    'GET /realtime',
    'POST /realtime/client_secrets',
    'POST /realtime/calls',
    'POST /realtime/sessions',
    'POST /realtime/transcription_sessions',
    'GET /responses',
  ]),
];
