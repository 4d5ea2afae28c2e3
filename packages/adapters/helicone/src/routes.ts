import { ConfigurationError } from '@genops/core';
import type { HeliconeAdapterOptions, HeliconeRoute } from './helicone-adapter.ts';

/** The providers that an adapter may ask, by the names that its caller gave them. */
export interface Routes {
  readonly names: readonly string[];
  /** @throws {ConfigurationError} when there is none of that name */
  readonly of: (provider: string) => HeliconeRoute;
  /** Why a provider may not be asked; undefined when it may. */
  readonly refusalOf: (provider: string) => string | undefined;
}

/** @throws {ConfigurationError} when no provider is named */
export function createRoutes({
  routes: given,
  dataResidency,
  complianceMode = false,
}: Pick<HeliconeAdapterOptions, 'routes' | 'dataResidency' | 'complianceMode'>): Routes {
  const routes = new Map(
    Object.entries(given).map(([name, route]) => [
      name,
      typeof route === 'string' ? { model: route } : route,
    ]),
  );
  if (routes.size === 0) throw new ConfigurationError('routes', 'expected at least one provider');
  const names = [...routes.keys()];

  const routeOf = (provider: string): HeliconeRoute => {
    const route = routes.get(provider);
    if (route !== undefined) return route;
    throw new ConfigurationError('provider', `expected one of ${names.join(', ')}, got "${provider}"`);
  };

  return {
    names,
    of: routeOf,
    refusalOf: (provider) => {
      const { region, compliant } = routeOf(provider);
      if (dataResidency !== undefined && region !== dataResidency) {
        return `is in ${region ?? 'no known region'}, and data has to stay in ${dataResidency}`;
      }
      return complianceMode && compliant !== true ? 'is not marked compliant' : undefined;
    },
  };
}
