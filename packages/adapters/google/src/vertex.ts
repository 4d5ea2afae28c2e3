import { defineProvider, freeRoutes, meteredRoutes, type Provider, type ProviderRoute } from '@genops/core';
import {
  anthropicMessages,
  gemini,
  geminiEmbeddings,
  imagen,
  unmetered,
  vertexEmbeddings,
} from '@genops/dialects';

export interface VertexOptions {
  /** Such as `europe-west4`. @default 'global' */
  readonly location?: string;
}

/**
 * Google's models and Anthropic's on Vertex AI, in one location. Its keys are access tokens, which last about an hour: they
 * come with the caller's own requests, or from `apiKey` of a target that is renewed in time.
 *
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest (checked 2026-11-20)
 */
export function createVertex({ location = 'global' }: VertexOptions = {}): Provider {
  return defineProvider({
    id: 'google-vertex',
    name: 'Google Vertex AI',
    baseUrl: `https://${location === 'global' ? '' : `${location}-`}aiplatform.googleapis.com`,
    apiKeyEnv: 'GOOGLE_VERTEX_ACCESS_TOKEN',
    authorize: (accessToken) => ({ authorization: `Bearer ${accessToken}` }),
    routes: [
      ...routesBelow('/*/projects/*/locations/*'),
      ...routesBelow('/*'),
      ...projectRoutes('/*/projects/*/locations/*'),
    ],
    setup: { baseUrlEnv: { name: 'GOOGLE_VERTEX_BASE_URL' } },
  });
}

/** Vertex AI in no particular location. */
export const vertex: Provider = createVertex();

/** Of a project in a location, and of express mode, which names neither. */
function routesBelow(parent: string): readonly ProviderRoute[] {
  const models = `${parent}/publishers/google/models`;
  const claude = `${parent}/publishers/anthropic/models`;
  return [
    ...meteredRoutes(gemini, [`${models}/*:generateContent`, `${models}/*:streamGenerateContent`]),
    ...meteredRoutes(geminiEmbeddings, [`${models}/*:embedContent`]),
    ...meteredRoutes(vertexEmbeddings, [`${models}/*embedding*:predict`]),
    ...meteredRoutes(imagen, [`${models}/*:predict`]),
    ...meteredRoutes(unmetered('video_generation', gemini), [`${models}/*:predictLongRunning`]),
    ...freeRoutes([`POST ${models}/*:countTokens`, `POST ${models}/*:computeTokens`], {
      operation: 'count_tokens',
    }),
    ...freeRoutes([`POST ${models}/*:fetchPredictOperation`]),
    ...freeRoutes([`GET ${models}`, `GET ${models}/*`], { operation: 'list_models' }),
    ...freeRoutes([`POST ${claude}/count-tokens:rawPredict`], { operation: 'count_tokens' }),
    ...meteredRoutes(anthropicMessages, [`${claude}/*:rawPredict`, `${claude}/*:streamRawPredict`]),
  ];
}

/** What a project keeps, and what it orders. */
function projectRoutes(parent: string): readonly ProviderRoute[] {
  return [
    ...meteredRoutes(unmetered('batch', gemini), [`${parent}/batchPredictionJobs`]),
    ...meteredRoutes(unmetered('generate_content', gemini), [`${parent}/cachedContents`]),
    ...meteredRoutes(unmetered('fine_tuning', gemini), [`${parent}/tuningJobs`]),
    {
      kind: 'metered',
      method: 'PATCH',
      path: `${parent}/cachedContents/*`,
      dialect: unmetered('generate_content', gemini),
    },
    ...freeRoutes(
      [
        `GET ${parent}/batchPredictionJobs`,
        `GET ${parent}/batchPredictionJobs/*`,
        `DELETE ${parent}/batchPredictionJobs/*`,
        `POST ${parent}/batchPredictionJobs/*:cancel`,
        `GET ${parent}/cachedContents`,
        `GET ${parent}/cachedContents/*`,
        `DELETE ${parent}/cachedContents/*`,
        `GET ${parent}/tuningJobs`,
        `GET ${parent}/tuningJobs/*`,
        `POST ${parent}/tuningJobs/*:cancel`,
        `GET ${parent}/operations/*`,
      ],
      { reach: 'account' },
    ),
  ];
}
