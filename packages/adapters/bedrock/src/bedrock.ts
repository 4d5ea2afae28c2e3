import { defineProvider, type Provider } from '@genops/core';
import { bedrockConverse } from '@genops/dialects';

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
    readHead: ({ 'x-amzn-requestid': responseId }) => (responseId === undefined ? {} : { responseId }),
    routes: [
      { kind: 'metered', method: 'POST', path: '/model/*/converse', dialect: bedrockConverse },
      { kind: 'metered', method: 'POST', path: '/model/*/converse-stream', dialect: bedrockConverse },
      { kind: 'free', method: 'POST', path: '/model/*/count-tokens', operation: 'count_tokens' },
    ],
    setup: { baseUrlEnv: { name: 'AWS_ENDPOINT_URL_BEDROCK_RUNTIME' } },
  });
}

/** Amazon Bedrock in its first region. */
export const bedrock: Provider = createBedrock();
