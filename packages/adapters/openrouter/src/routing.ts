import { ConfigurationError, describe } from '@genops/core';

/** What OpenRouter's `provider` object takes, as far as these words need it. */
export interface ProviderPreferences {
  readonly order?: readonly string[];
  readonly only?: readonly string[];
  readonly ignore?: readonly string[];
  readonly allow_fallbacks?: boolean;
  readonly sort?: 'price' | 'throughput' | 'latency';
  readonly [preference: string]: unknown;
}

/** Short words for what OpenRouter says in objects. */
export interface RoutingWords {
  /** A host to prefer, `anthropic`, several in this order, or the whole `provider` object as OpenRouter has it. */
  readonly provider?: string | readonly string[] | ProviderPreferences;
  /**
   * `least-cost` asks the cheapest host first, `fastest` the one with the highest throughput; `fallback`
   * lets any other host serve when the preferred one does not.
   */
  readonly route?: 'least-cost' | 'fastest' | 'fallback';
  /** Models to try in this order when no host of the first can serve. */
  readonly fallbacks?: readonly string[];
}

/** What goes over the wire in their place. */
export interface RoutingParameters {
  readonly provider?: ProviderPreferences;
  readonly models?: readonly string[];
}

/**
 * Turns the short words of a request into what OpenRouter really reads; everything else stays as it is. A
 * host that is named without `route: 'fallback'` is the first choice and OpenRouter's own default holds:
 * others may serve when it cannot.
 *
 * ```ts
 * openrouterRequest({ model: 'anthropic/claude-sonnet-4.5', provider: 'anthropic', route: 'least-cost' });
 * // { model: 'anthropic/claude-sonnet-4.5', provider: { order: ['anthropic'], sort: 'price' } }
 * ```
 *
 * @throws {ConfigurationError} for a `route` that is none of these, or that the `provider` object contradicts
 * @see https://openrouter.ai/docs/features/provider-routing (checked 2026-11-20)
 */
export function openrouterRequest<
  Request extends RoutingWords & { readonly model: string; readonly models?: readonly string[] },
>(request: Request): Omit<Request, 'provider' | 'route' | 'fallbacks' | 'models'> & RoutingParameters {
  const { provider, route, fallbacks, models, ...rest } = request;
  const preferences = together(preferredHost(provider), preferencesOf(route));
  const alternatives = [...(models ?? []), ...(fallbacks ?? [])];
  return {
    ...rest,
    ...(Object.keys(preferences).length > 0 && { provider: preferences }),
    ...(alternatives.length > 0 && { models: alternatives }),
  };
}

function preferredHost(provider: RoutingWords['provider']): ProviderPreferences {
  if (typeof provider === 'string') return { order: [provider] };
  return isList(provider) ? { order: provider } : (provider ?? {});
}

function isList(provider: RoutingWords['provider']): provider is readonly string[] {
  return Array.isArray(provider);
}

/** What the object says and what the word says; neither is quietly the other's. */
function together(said: ProviderPreferences, meant: ProviderPreferences): ProviderPreferences {
  for (const [name, value] of Object.entries(meant)) {
    if (said[name] !== undefined && said[name] !== value)
      throw new ConfigurationError(
        'route',
        `means ${name}: ${value}, and \`provider\` says ${describe(said[name])}`,
      );
  }
  return { ...said, ...meant };
}

function preferencesOf(route: RoutingWords['route']): ProviderPreferences {
  switch (route) {
    case 'least-cost':
      return { sort: 'price' };
    case 'fastest':
      return { sort: 'throughput' };
    case 'fallback':
      return { allow_fallbacks: true };
    case undefined:
      return {};
    default:
      throw new ConfigurationError(
        'route',
        `expected least-cost, fastest or fallback, got ${describe(route)}`,
      );
  }
}
