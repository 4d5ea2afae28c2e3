import {
  type AnswerFacts,
  catalogueProvider,
  type Dialect,
  defineProvider,
  type Provider,
  withBaseUrl,
} from '@genops/core';
import { openaiChat, openaiResponses } from '@genops/dialects';
import { type GatewayKind, modelsIn, priceListOf } from './model-names.ts';

/**
 * Helicone's AI gateway in its cloud. It takes no mark-up: a call costs what its host lists. The models of a
 * comma-separated list are fallbacks; the dearest of them is held.
 *
 * @see https://docs.helicone.ai/gateway/overview (checked 2026-11-20)
 */
export const helicone: Provider = gateway('cloud', 'https://ai-gateway.helicone.ai/v1');

/**
 * Helicone's gateway on one's own machines. It writes models the other way round: `openai/gpt-4o`.
 *
 * @param options.baseUrl - with `/ai` or `/router/<name>`; @default 'http://localhost:8080/ai'
 * @see https://github.com/Helicone/ai-gateway (checked 2026-11-20)
 */
export function createSelfHostedHelicone(options: { readonly baseUrl?: string } = {}): Provider {
  return gateway('self-hosted', options.baseUrl?.replace(/\/+$/, '') ?? 'http://localhost:8080/ai');
}

/**
 * Helicone's gateway at an address: its cloud below `helicone.ai`, one of one's own anywhere else.
 *
 * @throws {ConfigurationError} when the address is no URL
 */
export function createHelicone({ baseUrl }: { readonly baseUrl: string }): Provider {
  const hostname = URL.parse(baseUrl)?.hostname ?? '';
  return /(^|\.)helicone\.ai$/.test(hostname)
    ? withBaseUrl(helicone, baseUrl)
    : createSelfHostedHelicone({ baseUrl });
}

function gateway(kind: GatewayKind, baseUrl: string): Provider {
  return defineProvider({
    id: 'helicone',
    name: 'Helicone',
    baseUrl,
    apiKeyEnv: 'HELICONE_API_KEY',
    authorize: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
    routes: [
      { kind: 'metered', method: 'POST', path: '/chat/completions', dialect: withFallbackList(openaiChat) },
      ...(kind === 'cloud'
        ? [
            {
              kind: 'metered' as const,
              method: 'POST' as const,
              path: '/responses',
              dialect: withFallbackList(openaiResponses),
            },
          ]
        : []),
      { kind: 'free', method: 'GET', path: '/models', operation: 'list_models' },
    ],
    priceAs: (model, hostProvider) => priceListOf(kind, model, hostProvider),
    readHead,
    setup: {
      baseUrlEnv: { name: 'HELICONE_BASE_URL' },
      apiKeyShape: { pattern: /^(sk|pk)-helicone-[\w-]{8,}$/, example: 'sk-helicone-…' },
      keyProbe: '/models',
    },
  });
}

export interface HeliconeProxyOptions {
  /** Sent with every call. @default the caller sends its own */
  readonly heliconeApiKey?: string;
  /** Where Helicone stands in for this provider: `https://anthropic.helicone.ai`. */
  readonly baseUrl: string;
  /** For `https://gateway.helicone.ai`, which has to be told whom to call. */
  readonly targetUrl?: string;
}

/**
 * Any provider behind Helicone's older logging proxy: the same formats, keys and prices at another address.
 *
 * @example
 * createHeliconeProxy(openai, { heliconeApiKey, baseUrl: 'https://oai.helicone.ai/v1' })
 * @see https://docs.helicone.ai/helicone-headers/header-directory (checked 2026-11-20)
 */
export function createHeliconeProxy(provider: Provider, options: HeliconeProxyOptions): Provider {
  const { heliconeApiKey, baseUrl, targetUrl } = options;
  return withBaseUrl(
    {
      ...provider,
      headers: {
        ...provider.headers,
        ...(heliconeApiKey !== undefined && { 'helicone-auth': `Bearer ${heliconeApiKey}` }),
        ...(targetUrl !== undefined && { 'helicone-target-url': targetUrl }),
      },
      readHead: (headers) => ({ ...provider.readHead?.(headers), ...readHead(headers) }),
    },
    baseUrl,
  );
}

/** Who served, with whose credit, after how many others, and whether anything was generated at all. */
function readHead(headers: Readonly<Record<string, string>>): AnswerFacts {
  const { 'helicone-provider': host, 'helicone-model': model, 'helicone-gateway-mode': mode } = headers;
  const fallbackIndex = headers['helicone-fallback-index'];
  const cacheHit = headers['helicone-cache']?.toUpperCase() === 'HIT';
  const gateway = {
    ...(host !== undefined && { hostProvider: catalogueProvider(host) }),
    ...(mode !== undefined && { strategy: mode.toLowerCase() }),
    ...(fallbackIndex !== undefined && { fallbackUsed: Number(fallbackIndex) > 0 }),
    ...(cacheHit && { cacheHit: true as const }),
  };
  return {
    ...(model !== undefined && { responseModel: model }),
    ...(Object.keys(gateway).length > 0 && { gateway }),
  };
}

/** Reads `gpt-4o/openai,gpt-4o/azure` as the first with the others as alternatives; sends it as it is. */
function withFallbackList(dialect: Dialect): Dialect {
  return {
    ...dialect,
    openRequest: (bytes, path) => {
      const opened = dialect.openRequest(bytes, path);
      const [first, ...others] = modelsIn(opened.facts.requestModel);
      if (first === undefined || first === opened.facts.requestModel) return opened;
      return {
        ...opened,
        facts: {
          ...opened.facts,
          requestModel: first,
          ...(others.length > 0 && { alternativeModels: others }),
        },
      };
    },
  };
}
