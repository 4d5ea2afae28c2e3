import { defineProvider, freeRoutes, meteredRoutes, type Provider, refusedRoutes } from '@genops/core';
import {
  bedrockConverse,
  bedrockEmbeddings,
  bedrockImages,
  bedrockInvoke,
  unmetered,
} from '@genops/dialects';
import { readBedrockHead } from './head.ts';

export interface BedrockOptions {
  /** @default 'us-east-1' */
  readonly region?: string;
}

/**
 * Amazon Bedrock in one region. A request that is signed passes as it is, because the signature covers its
 * body: a cap that the caller left out is not added there.
 *
 * @see https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html (checked 2026-11-20)
 */
export function createBedrock({ region = 'us-east-1' }: BedrockOptions = {}): Provider {
  return defineProvider({
    id: 'aws-bedrock',
    name: 'Amazon Bedrock',
    baseUrl: `https://bedrock-runtime.${region}.amazonaws.com`,
    apiKeyEnv: 'AWS_BEARER_TOKEN_BEDROCK',
    authorize: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
    isSigned: ({ authorization = '' }) => authorization.startsWith('AWS4-'),
    readHead: readBedrockHead,
    routes: [
      ...meteredRoutes(bedrockConverse, ['/model/*/converse', '/model/*/converse-stream']),
      ...meteredRoutes(bedrockEmbeddings, ['/model/*embed*/invoke']),
      ...meteredRoutes(
        bedrockImages,
        imageMakers.map((model) => `/model/${model}/invoke`),
      ),
      ...meteredRoutes(bedrockInvoke, ['/model/*/invoke', '/model/*/invoke-with-response-stream']),
      ...meteredRoutes(unmetered('video_generation', bedrockInvoke), ['/async-invoke']),
      ...meteredRoutes(unmetered('moderation', bedrockInvoke), ['/guardrail/*/version/*/apply']),
      ...freeRoutes(['POST /model/*/count-tokens'], { operation: 'count_tokens' }),
      ...freeRoutes(['GET /async-invoke', 'GET /async-invoke/*'], { reach: 'account' }),
      ...refusedRoutes('A bidirectional stream goes past here, so what it costs could not be seen', [
        'POST /model/*/invoke-with-bidirectional-stream',
      ]),
    ],
    setup: { baseUrlEnv: { name: 'AWS_ENDPOINT_URL_BEDROCK_RUNTIME' } },
  });
}

/** Models that make images, as they are named in each region and across regions. */
const imageMakers = ['stability.*', '*.stability.*', 'amazon.nova-canvas*', 'amazon.titan-image*'];

/** Amazon Bedrock in its first region. */
export const bedrock: Provider = createBedrock();
