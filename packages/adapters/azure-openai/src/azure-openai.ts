import {
  defineProvider,
  freeRoutes,
  meteredRoutes,
  type Provider,
  type ProviderRoute,
  refusedRoutes,
} from '@genops/core';
import {
  openaiBackgroundResults,
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

export interface AzureOpenAIOptions {
  /** The address of the resource: `https://our-resource.openai.azure.com`. */
  readonly endpoint: string;
  /**
   * Which model each deployment is: `{ 'search-prod': 'gpt-4o-mini' }`. Azure's requests name deployments
   * only, so that one which is not listed here has no price unless it is called like its model.
   *
   * @default none
   */
  readonly deployments?: Readonly<Record<string, string>>;
}

/**
 * One resource of Azure OpenAI: its dated API, where the path names the deployment, and its `v1` API, where
 * the model does.
 *
 * @see https://learn.microsoft.com/azure/ai-foundry/openai/reference (checked 2026-11-20)
 * @throws {ConfigurationError} when the endpoint is no URL
 */
export function createAzureOpenAI({ endpoint, deployments = {} }: AzureOpenAIOptions): Provider {
  const models = new Map(Object.entries(deployments));
  return defineProvider({
    id: 'azure',
    name: 'Azure OpenAI',
    baseUrl: `${endpoint.replace(/\/+$/, '').replace(/\/openai(\/v1)?$/, '')}/openai`,
    apiKeyEnv: 'AZURE_OPENAI_API_KEY',
    authorize: (apiKey) => ({ 'api-key': apiKey }),
    priceAs: (deployment) => models.get(deployment) ?? deployment,
    routes: [
      ...['/deployments/*', '/v1'].flatMap(routesBelow),
      ...meteredRoutes(openaiResponses, ['/responses', '/v1/responses']),
      ...freeRoutes(['GET /models', 'GET /v1/models', 'GET /v1/models/*'], { operation: 'list_models' }),
      ...['', '/v1'].flatMap(keptBelow),
      ...refusedRoutes(
        'A realtime session goes over a socket past here, so what it costs could not be seen',
        ['GET /realtime', 'GET /v1/realtime', 'POST /v1/realtime/client_secrets', 'POST /v1/realtime/calls'],
      ),
    ],
    setup: {
      baseUrlEnv: { name: 'AZURE_OPENAI_ENDPOINT', appended: '/openai' },
      keyProbe: '/v1/models',
    },
  });
}

/** What a deployment can be asked, and the same where the request names it. */
function routesBelow(parent: string): readonly ProviderRoute[] {
  return [
    ...meteredRoutes(openaiChat, [`${parent}/chat/completions`]),
    ...meteredRoutes(openaiCompletions, [`${parent}/completions`]),
    ...meteredRoutes(openaiEmbeddings, [`${parent}/embeddings`]),
    ...meteredRoutes(openaiImages, [`${parent}/images/generations`, `${parent}/images/edits`]),
    ...meteredRoutes(openaiSpeech, [`${parent}/audio/speech`]),
    ...meteredRoutes(openaiTranscription, [`${parent}/audio/transcriptions`, `${parent}/audio/translations`]),
  ];
}

/** What the resource keeps, and what is ordered of it. */
function keptBelow(parent: string): readonly ProviderRoute[] {
  return [
    ...meteredRoutes(unmetered('batch', openaiChat), [`${parent}/batches`]),
    ...meteredRoutes(unmetered('fine_tuning', openaiChat), [`${parent}/fine_tuning/jobs`]),
    ...meteredRoutes(unmetered('video_generation', openaiChat), [`${parent}/videos`]),
    { kind: 'results', method: 'GET', path: `${parent}/files/*/content`, results: openaiBatchResults },
    { kind: 'results', method: 'GET', path: `${parent}/responses/*`, results: openaiBackgroundResults },
    ...freeRoutes(
      [
        `GET ${parent}/batches`,
        `GET ${parent}/batches/*`,
        `POST ${parent}/batches/*/cancel`,
        `POST ${parent}/files`,
        `GET ${parent}/files`,
        `GET ${parent}/files/*`,
        `DELETE ${parent}/files/*`,
        `DELETE ${parent}/responses/*`,
        `POST ${parent}/responses/*/cancel`,
        `GET ${parent}/responses/*/input_items`,
        `GET ${parent}/fine_tuning/jobs`,
        `GET ${parent}/fine_tuning/jobs/*`,
        `GET ${parent}/videos/*`,
        `GET ${parent}/videos/*/content`,
      ],
      { reach: 'account' },
    ),
  ];
}
