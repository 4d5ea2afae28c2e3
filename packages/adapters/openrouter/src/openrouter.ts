import { ConfigurationError, defineProvider, describe, type Provider } from '@genops/core';
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
 * @throws {ConfigurationError} when what is said of the application cannot stand in a header
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

/**
 * What the variables of its guides say of the application, for whoever reads an environment:
 * `OPENROUTER_HTTP_REFERER` and `OPENROUTER_X_TITLE`.
 *
 * @throws {ConfigurationError} naming the variable, when it cannot stand in a header
 */
export function openrouterAppHeaders(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const url = environment['OPENROUTER_HTTP_REFERER']?.trim();
  const title = environment['OPENROUTER_X_TITLE']?.trim();
  return {
    ...(url && { 'http-referer': absolute('OPENROUTER_HTTP_REFERER', url) }),
    ...(title && { 'x-openrouter-title': inHeader('OPENROUTER_X_TITLE', title) }),
  };
}

function appHeaders(app: OpenRouterOptions['app']): Readonly<Record<string, string>> {
  if (app === undefined) return {};
  const { url, title, categories = [] } = app;
  if (categories.length > 2)
    throw new ConfigurationError('app.categories', `expected at most two, got ${categories.length}`);
  return {
    'http-referer': absolute('app.url', url),
    ...(title !== undefined && { 'x-openrouter-title': inHeader('app.title', title) }),
    ...(categories.length > 0 && {
      'x-openrouter-categories': inHeader('app.categories', categories.join(',')),
    }),
  };
}

function absolute(path: string, url: string): string {
  if (URL.canParse(url)) return inHeader(path, url);
  throw new ConfigurationError(path, `expected an absolute URL, got ${describe(url)}`);
}

/** A header that cannot be sent would fail every call, far from where it was written. */
function inHeader(path: string, value: string): string {
  if (/^[\u0020-\u007e]+$/.test(value)) return value;
  throw new ConfigurationError(path, `expected printable ASCII, got ${describe(value)}`);
}
