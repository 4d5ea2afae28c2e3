import { defineProvider, type Provider } from '@genops/core';
import { generationReceipt } from './receipt.ts';
import { openrouterRoutes } from './routes.ts';

export interface OpenRouterOptions {
  /** How OpenRouter shows the application in its rankings, and in its own logs. */
  readonly app?: {
    readonly url: string;
    readonly title?: string;
    /** At most two. */
    readonly categories?: readonly string[];
  };
  /** Keeps requests and answers inside a region; for accounts that have this. @default 'global' */
  readonly region?: 'global' | 'eu' | 'us';
  /** Asks for the trace of the router, which names who was tried and who served. @default true */
  readonly metadata?: boolean;
}

/**
 * OpenRouter for one application.
 *
 * @see https://openrouter.ai/docs/api-reference/overview (checked 2026-11-20)
 */
export function createOpenRouter(options: OpenRouterOptions = {}): Provider {
  const { app, region = 'global', metadata = true } = options;
  return defineProvider({
    id: 'openrouter',
    name: 'OpenRouter',
    baseUrl: `https://${region === 'global' ? '' : `${region}.`}openrouter.ai/api/v1`,
    apiKeyEnv: 'OPENROUTER_API_KEY',
    authorize: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
    headers: { ...(metadata && { 'x-openrouter-metadata': 'enabled' }), ...appHeaders(app) },
    routes: openrouterRoutes,
    // Comes with the head of every answer, so that a call is known by it however early it breaks off.
    readHead: ({ 'x-generation-id': responseId }) => (responseId === undefined ? {} : { responseId }),
    receipts: generationReceipt,
    // With the cost of the call, which callers read; what they ask of a stream changes nothing about it.
    streamsTellUsage: true,
    setup: {
      baseUrlEnv: { name: 'OPENROUTER_BASE_URL' },
      apiKeyShape: { pattern: /^sk-or-v1-\w{20,}$/, example: 'sk-or-v1-…' },
      keyProbe: '/key',
    },
  });
}

/** OpenRouter, without a word about the application. */
export const openrouter: Provider = createOpenRouter();

function appHeaders(app: OpenRouterOptions['app']): Readonly<Record<string, string>> {
  if (app === undefined) return {};
  const { url, title, categories = [] } = app;
  return {
    'http-referer': url,
    ...(title !== undefined && { 'x-openrouter-title': title }),
    ...(categories.length > 0 && { 'x-openrouter-categories': categories.join(',') }),
  };
}
