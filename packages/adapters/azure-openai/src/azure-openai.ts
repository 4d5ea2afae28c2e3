import { type Dialect, defineProvider, type Provider, type ProviderRoute } from '@genops/core';
import { openaiChat, openaiCompletions, openaiEmbeddings, openaiResponses } from '@genops/dialects';

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
      ...['/deployments/*', '/v1'].flatMap((parent) => [
        metered(`${parent}/chat/completions`, openaiChat),
        metered(`${parent}/completions`, openaiCompletions),
        metered(`${parent}/embeddings`, openaiEmbeddings),
      ]),
      metered('/responses', openaiResponses),
      metered('/v1/responses', openaiResponses),
      { kind: 'free', method: 'GET', path: '/models', operation: 'list_models' },
      { kind: 'free', method: 'GET', path: '/v1/models', operation: 'list_models' },
      { kind: 'free', method: 'GET', path: '/v1/models/*', operation: 'list_models' },
    ],
    setup: {
      baseUrlEnv: { name: 'AZURE_OPENAI_ENDPOINT', appended: '/openai' },
      keyProbe: '/v1/models',
    },
  });
}

function metered(path: string, dialect: Dialect): ProviderRoute {
  return { kind: 'metered', method: 'POST', path, dialect };
}
