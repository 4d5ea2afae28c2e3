import { ConfigurationError, type Provider, type ProviderRoute, type UploadFormat } from '@genops/core';

/** What a request is to the providers we know. */
export type Found =
  | {
      readonly result: 'metered';
      readonly provider: Provider;
      readonly route: MeteredRoute;
      readonly path: string;
    }
  | {
      readonly result: 'free';
      readonly provider: Provider;
      readonly path: string;
      readonly upload?: UploadFormat;
    }
  | {
      readonly result: 'results';
      readonly provider: Provider;
      readonly route: ResultsRoute;
      readonly path: string;
    }
  /** Refused by name. */
  | {
      readonly result: 'refused';
      readonly provider: Provider;
      readonly path: string;
      readonly reason: string;
    }
  /** A known provider, and something of it that we cannot price. */
  | { readonly result: 'unknown_route'; readonly provider: Provider; readonly path: string }
  | { readonly result: 'unknown_provider' };

export type MeteredRoute = Extract<ProviderRoute, { kind: 'metered' }>;
export type ResultsRoute = Extract<ProviderRoute, { kind: 'results' }>;

/** Knows providers by their address and routes by their path. */
export interface Directory {
  /** @param url - absolute */
  find(method: string, url: string): Found;
  /** The provider at this base URL or above it: Azure's clients go below the address of the resource. */
  at(baseUrl: string): Provider | undefined;
}

/** @throws {ConfigurationError} when two providers have the same base URL */
export function createDirectory(providers: readonly Provider[]): Directory {
  const byBaseUrl = new Map<string, Provider>();
  for (const provider of providers) {
    const taken = byBaseUrl.get(provider.baseUrl);
    if (taken !== undefined) {
      const expectation = `"${taken.id}" and "${provider.id}" have the same base URL, ${provider.baseUrl}`;
      throw new ConfigurationError('providers', expectation);
    }
    byBaseUrl.set(provider.baseUrl, provider);
  }
  const longestFirst = [...providers].sort((left, right) => right.baseUrl.length - left.baseUrl.length);
  const providerAt = (url: string): Provider | undefined =>
    longestFirst.find(({ baseUrl }) => url.startsWith(baseUrl) && /^[/?]?$/.test(url[baseUrl.length] ?? ''));
  const finders = new Map(providers.map((provider) => [provider, createRouteFinder(provider)]));
  return {
    find: (method, url) => {
      const provider = providerAt(url);
      if (provider === undefined) return { result: 'unknown_provider' };
      const path = url.slice(provider.baseUrl.length);
      const route = finders.get(provider)?.(method, path);
      if (route === undefined) return { result: 'unknown_route', provider, path };
      switch (route.kind) {
        case 'free':
          return {
            result: 'free',
            provider,
            path,
            ...(route.upload !== undefined && { upload: route.upload }),
          };
        case 'refused':
          return { result: 'refused', provider, path, reason: route.reason };
        case 'results':
          return { result: 'results', provider, route, path };
        case 'metered':
          return { result: 'metered', provider, route, path };
      }
    },
    at: (baseUrl) => providerAt(baseUrl.replace(/\/+$/, '')),
  };
}

/**
 * Finds a provider's route by method and path; a query does not matter, `*` stands for a run without a slash.
 * Of several that fit, one without `*` wins, else the first in the record.
 */
export function createRouteFinder(
  provider: Provider,
): (method: string, path: string) => ProviderRoute | undefined {
  const exact = new Map<string, ProviderRoute>();
  const patterns: { readonly method: string; readonly pattern: RegExp; readonly route: ProviderRoute }[] = [];
  for (const route of provider.routes) {
    if (!route.path.includes('*')) exact.set(`${route.method} ${route.path}`, route);
    else patterns.push({ method: route.method, pattern: patternOf(route.path), route });
  }
  return (method, path) => {
    const query = path.indexOf('?');
    const bare = query === -1 ? path : path.slice(0, query);
    const found = exact.get(`${method} ${bare}`);
    if (found !== undefined) return found;
    return patterns.find((entry) => entry.method === method && entry.pattern.test(bare))?.route;
  };
}

function patternOf(path: string): RegExp {
  const parts = path.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/]+')}$`);
}
