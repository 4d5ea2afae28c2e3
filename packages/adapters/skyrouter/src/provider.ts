import { catalogueProvider, defineProvider, type ModelAt, makerOf, type Provider } from '@genops/core';
import { openaiChat } from '@genops/dialects';

export interface SkyRouterOptions {
  /** The address of one's own endpoint: every customer has another, so there is no default. */
  readonly baseUrl: string;
  /**
   * On whose price list a model is.
   *
   * @default its maker's: `openai/gpt-4o` and `gpt-4o` cost what OpenAI lists
   */
  readonly priceAs?: (model: string) => ModelAt | string;
}

/**
 * SkyRouter, or any other gateway that speaks OpenAI's chat completions at an address of one's own. Nothing
 * public says how it reports costs, limits or who served; what an answer carries of that is read where
 * OpenAI has it. Unverified against the service itself.
 *
 * @throws {ConfigurationError} when the base URL is not absolute
 * @see https://github.com/Cloudsway-AI/cloudswayAI_skyrouter (checked 2026-11-20)
 */
export function createSkyRouter({ baseUrl, priceAs = makersPrice }: SkyRouterOptions): Provider {
  return defineProvider({
    id: 'skyrouter',
    name: 'SkyRouter',
    baseUrl: `${baseUrl}`.replace(/\/+$/, ''),
    apiKeyEnv: 'SKYROUTER_API_KEY',
    authorize: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
    routes: [
      { kind: 'metered', method: 'POST', path: '/chat/completions', dialect: openaiChat },
      { kind: 'free', method: 'GET', path: '/models', operation: 'list_models' },
    ],
    priceAs: (model) => priceAs(model),
    setup: {
      baseUrlEnv: { name: 'SKYROUTER_BASE_URL' },
      apiKeyShape: { pattern: /^[\w.-]{20,200}$/, example: '20 to 200 letters, digits, dots and dashes' },
      keyProbe: '/models',
    },
  });
}

/** `openai/gpt-5` names its maker; other names are told by how they begin. What nobody knows stays unpriced. */
function makersPrice(model: string): ModelAt | string {
  const named = /^([^/]+)\/(.+)$/.exec(model);
  if (named !== null) return { provider: catalogueProvider(named[1] as string), model: named[2] as string };
  const maker = makerOf(model);
  return maker === undefined ? model : { provider: maker, model };
}
