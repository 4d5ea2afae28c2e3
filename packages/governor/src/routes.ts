import { ConfigurationError, type Dialect, type Provider } from '@genops/core';
import { translate } from '@genops/dialects';
import type { RouterOptions, RouterStateStore, RouteTarget } from '@genops/router';
import type { MeteredRoute } from './directory.ts';
import type { RouteLookup, Target } from './line.ts';

export interface RoutingOptions extends Omit<RouterOptions, 'nowMs'> {
  /** The first route that is for a model decides; models without one go where they were addressed to. */
  readonly routes?: readonly RouteOptions[];
  /** Where several replicas tell one another which keys and places are out. @default each knows its own */
  readonly shared?: SharedStateOptions;
}

export interface SharedStateOptions {
  readonly store: RouterStateStore;
  /** @default 1_000 */
  readonly everyMs?: number;
}

/** Where calls for some models may go. */
export interface RouteOptions {
  /** Models as callers name them; `*` stands for any run of characters. */
  readonly models: readonly string[];
  /** In the order that the strategy `failover` keeps. */
  readonly targets: readonly RouteTargetOptions[];
  /** @default the governor's */
  readonly strategy?: string;
}

export interface RouteTargetOptions
  extends Partial<
    Pick<RouteTarget, 'region' | 'tier' | 'capabilities' | 'contextTokens' | 'quality' | 'zeroRetention'>
  > {
  /** Id of one of the governor's providers. */
  readonly provider: string;
  /** @default the model that the caller named */
  readonly model?: string;
  /** @default keys that were registered with the router; for the addressed provider the caller's own */
  readonly apiKey?: { readonly id: string; readonly secret: string };
}

/** @throws {ConfigurationError} when a route names a provider that is not there, or no place at all */
export function createRouteLookup(
  routes: readonly RouteOptions[],
  providers: readonly Provider[],
): RouteLookup {
  const compiled = routes.map(({ models, targets, strategy }, index) => {
    if (targets.length === 0)
      throw new ConfigurationError(`routes[${index}].targets`, 'expected one or more');
    return {
      serves: modelTest(models),
      places: targets.map(({ provider: id, ...more }, place): Place => {
        const provider = providers.find((one) => one.id === id);
        const path = `routes[${index}].targets[${place}].provider`;
        if (provider === undefined) throw new ConfigurationError(path, `no provider has the id "${id}"`);
        return { provider, more };
      }),
      strategy: strategy === undefined ? {} : { strategy },
    };
  });
  return (requestModel, dialect, stream) => {
    const found = compiled.find(({ serves }) => serves(requestModel));
    if (found === undefined) return undefined;
    return { targets: found.places.flatMap((place) => targetAt(place, dialect, stream)), ...found.strategy };
  };
}

interface Place {
  readonly provider: Provider;
  readonly more: Omit<RouteTargetOptions, 'provider'>;
}

/** How a provider is asked: in the caller's own format where it has that, else in one that can be translated. */
function targetAt({ provider, more }: Place, caller: Dialect, stream: boolean): readonly Target[] {
  const routes = provider.routes.filter((route): route is MeteredRoute => route.kind === 'metered');
  const same = routes.filter(({ dialect }) => dialect.id === caller.id);
  if (same.length > 0) return [{ provider, route: forStream(same, stream), ...more }];
  const others = routes.flatMap((route) => {
    const translation = translate(caller, route.dialect);
    return translation === undefined ? [] : [{ route, translation }];
  });
  const [first] = others;
  if (first === undefined) return [];
  const alike = others.filter(({ route }) => route.dialect.id === first.route.dialect.id);
  const route = forStream(
    alike.map((one) => one.route),
    stream,
  );
  return [{ provider, route, translation: first.translation, ...more }];
}

/** Some providers are asked for a stream at another path. */
function forStream(routes: readonly MeteredRoute[], stream: boolean): MeteredRoute {
  const streams = ({ path }: MeteredRoute): boolean => /stream/i.test(path);
  return routes.find((route) => streams(route) === stream) ?? (routes[0] as MeteredRoute);
}

/** `*` stands for any run of characters. */
export function modelTest(patterns: readonly string[]): (model: string) => boolean {
  const tests = patterns.map((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`);
  });
  return (model) => tests.some((test) => test.test(model));
}
