import { defineProvider, type Provider, type ProviderRoute } from '@genops/core';
import { gemini } from '@genops/dialects';

export interface VertexOptions {
  /** Such as `europe-west4`. @default 'global' */
  readonly location?: string;
}

/**
 * Gemini models on Vertex AI in one location. Its keys are access tokens, which last about an hour: they
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
    routes: [...routesBelow('/*/projects/*/locations/*'), ...routesBelow('/*')],
    setup: { baseUrlEnv: { name: 'GOOGLE_VERTEX_BASE_URL' } },
  });
}

/** Vertex AI in no particular location. */
export const vertex: Provider = createVertex();

/** Of a project in a location, and of express mode, which names neither. */
function routesBelow(parent: string): readonly ProviderRoute[] {
  const model = `${parent}/publishers/google/models/*`;
  return [
    { kind: 'metered', method: 'POST', path: `${model}:generateContent`, dialect: gemini },
    { kind: 'metered', method: 'POST', path: `${model}:streamGenerateContent`, dialect: gemini },
    { kind: 'free', method: 'POST', path: `${model}:countTokens`, operation: 'count_tokens' },
  ];
}
