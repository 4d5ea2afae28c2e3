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
  /**
   * Whose calls these are that were addressed to another provider. Requests that are addressed here name
   * their project themselves.
   *
   * @default none: express mode, which takes API keys
   */
  readonly project?: string;
}

/**
 * Google's models and Anthropic's on Vertex AI, in one location. Its keys are access tokens, which last about an hour: they
 * come with the caller's own requests, or from `apiKey` of a target that is renewed in time.
 *
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest (checked 2026-11-20)
 */
export function createVertex({ location = 'global', project }: VertexOptions = {}): Provider {
  const parent = project === undefined ? '/v1' : `/v1/projects/${project}/locations/${location}`;
  return defineProvider({
    id: 'google-vertex',
    name: 'Google Vertex AI',
    baseUrl: `https://${location === 'global' ? '' : `${location}-`}aiplatform.googleapis.com`,
    apiKeyEnv: 'GOOGLE_VERTEX_ACCESS_TOKEN',
    authorize: (accessToken) => ({ authorization: `Bearer ${accessToken}` }),
    routes: [
      ...routesBelow(parent, asTarget),
      ...routesBelow('/*/projects/*/locations/*', onlyAddressed),
      ...routesBelow('/*', onlyAddressed),
      ...projectRoutes('/*/projects/*/locations/*'),
    ],
    setup: { baseUrlEnv: { name: 'GOOGLE_VERTEX_BASE_URL' } },
  });
}

function isClaude(model: string): boolean {
  return model.startsWith('claude');
}

/**
 * The model stands in the path only, and the version in the body.
 *
 * @see https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai (checked 2026-11-30)
 */
function asVertexWants(body: Uint8Array): Uint8Array {
  const { model: _, ...request } = JSON.parse(Buffer.from(body).toString('utf8')) as Record<string, unknown>;
  return Buffer.from(JSON.stringify({ anthropic_version: 'vertex-2023-10-16', ...request }));
}

type More = Pick<Extract<ProviderRoute, { kind: 'metered' }>, 'serves' | 'adapt'>;

/** What Google's and Anthropic's models are asked for and get, when a call was addressed elsewhere. */
interface Makers {
  readonly google: More;
  readonly anthropic: More;
}

const nothing: More = { serves: () => false };
const onlyAddressed: Makers = { google: nothing, anthropic: nothing };
const asTarget: Makers = {
  google: { serves: (model) => !isClaude(model) },
  anthropic: { serves: isClaude, adapt: asVertexWants },
};

/** Of a project in a location, and of express mode, which names neither. */
function routesBelow(parent: string, { google, anthropic }: Makers): readonly ProviderRoute[] {
  const models = `${parent}/publishers/google/models`;
  const claude = `${parent}/publishers/anthropic/models`;
  return [
    ...meteredRoutes(gemini, [`${models}/*:generateContent`, `${models}/*:streamGenerateContent`], google),
    ...meteredRoutes(geminiEmbeddings, [`${models}/*:embedContent`], google),
    ...meteredRoutes(vertexEmbeddings, [`${models}/*embedding*:predict`], google),
    ...meteredRoutes(imagen, [`${models}/*:predict`], google),
    ...meteredRoutes(unmetered('video_generation', gemini), [`${models}/*:predictLongRunning`], google),
    ...freeRoutes([`POST ${models}/*:countTokens`, `POST ${models}/*:computeTokens`], {
      operation: 'count_tokens',
    }),
    ...freeRoutes([`POST ${models}/*:fetchPredictOperation`]),
    ...freeRoutes([`GET ${models}`, `GET ${models}/*`], { operation: 'list_models' }),
    ...freeRoutes([`POST ${claude}/count-tokens:rawPredict`], { operation: 'count_tokens' }),
    ...meteredRoutes(
      anthropicMessages,
      [`${claude}/*:rawPredict`, `${claude}/*:streamRawPredict`],
      anthropic,
    ),
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

/** Vertex AI in no particular location. */
export const vertex: Provider = createVertex();
