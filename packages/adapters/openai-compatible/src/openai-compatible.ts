import {
  defineProvider,
  freeRoutes,
  meteredRoutes,
  type Provider,
  type ProviderRoute,
  type ProviderSetup,
} from '@genops/core';
import {
  type CapParameter,
  defineOpenaiChat,
  openaiBatchResults,
  openaiChat,
  openaiCompletions,
  openaiEmbeddings,
  openaiImages,
  openaiResponses,
  openaiSpeech,
  openaiTranscription,
  unmetered,
} from '@genops/dialects';

/** What tells one provider that speaks plain OpenAI from another. */
export interface OpenAICompatibleOptions {
  /** Lower-case, as in the price catalogue: `groq`. */
  readonly id: string;
  /** As its makers write it. @default the id */
  readonly name?: string;
  /** What an OpenAI client has as its `baseURL`: `https://api.groq.com/openai/v1`. */
  readonly baseUrl: string;
  /** @default the id in capitals with `_API_KEY` behind it */
  readonly apiKeyEnv?: string;
  /** Sent with every call unless the caller says otherwise. Lower-case names. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** What it serves besides chat. @default ['completions', 'embeddings'] */
  readonly serves?: readonly Service[];
  /**
   * Caps of a chat answer that it heeds; the first is added where the caller sets none.
   *
   * @default ['max_tokens'], which every server knows
   */
  readonly caps?: readonly [CapParameter, ...CapParameter[]];
  /** Further routes of its own. @default none */
  readonly routes?: readonly ProviderRoute[];
  readonly setup?: ProviderSetup;
}

/**
 * A provider that speaks plain OpenAI, at any address: a hosted one, a gateway of one's own, a model server
 * on this machine.
 *
 * @throws {ConfigurationError} when the id or the base URL is not well-formed
 */
export function openaiCompatible(options: OpenAICompatibleOptions): Provider {
  const { id, name = id, baseUrl, headers, routes = [], setup = {} } = options;
  const { serves = ['completions', 'embeddings'], caps = ['max_tokens'] } = options;
  return defineProvider({
    id,
    name,
    baseUrl: baseUrl.replace(/\/+$/, ''),
    apiKeyEnv: options.apiKeyEnv ?? `${id.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_API_KEY`,
    authorize: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
    routes: [
      ...meteredRoutes(defineOpenaiChat({ caps }), ['/chat/completions']),
      ...serves.flatMap((what) => besideChat[what]),
      ...freeRoutes(['GET /models', 'GET /models/*'], { operation: 'list_models' }),
      ...routes,
    ],
    setup: { keyProbe: '/models', ...setup },
    ...(headers !== undefined && { headers }),
  });
}

/** What OpenAI's format has besides chat; `batches` come with the files that they are made of. */
export type Service =
  | 'completions'
  | 'embeddings'
  | 'responses'
  | 'images'
  | 'speech'
  | 'transcriptions'
  | 'batches';

const besideChat: Readonly<Record<Service, readonly ProviderRoute[]>> = {
  completions: meteredRoutes(openaiCompletions, ['/completions']),
  embeddings: meteredRoutes(openaiEmbeddings, ['/embeddings']),
  responses: meteredRoutes(openaiResponses, ['/responses']),
  images: meteredRoutes(openaiImages, ['/images/generations']),
  speech: meteredRoutes(openaiSpeech, ['/audio/speech']),
  transcriptions: meteredRoutes(openaiTranscription, ['/audio/transcriptions', '/audio/translations']),
  batches: [
    ...meteredRoutes(unmetered('batch', openaiChat), ['/batches']),
    { kind: 'results', method: 'GET', path: '/files/*/content', results: openaiBatchResults },
    ...freeRoutes(['GET /batches', 'GET /batches/*', 'POST /batches/*/cancel'], {
      operation: 'batch',
      reach: 'account',
    }),
    ...freeRoutes(['POST /files', 'GET /files', 'GET /files/*', 'DELETE /files/*'], { reach: 'account' }),
  ],
};
