import { ConfigurationError, type Provider } from '@genops/core';
import type { RouterOptions, RouteTarget } from '@genops/router';
import type { MeteredRoute } from './directory.ts';
import type { RouteLookup, Target } from './line.ts';

export interface RoutingOptions extends Omit<RouterOptions, 'nowMs'> {
  /** The first route that is for a model decides; models without one go where they were addressed to. */
  readonly routes?: readonly RouteOptions[];
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
      targets: targets.flatMap((target, place) => {
        const path = `routes[${index}].targets[${place}].provider`;
        return targetsAt(providers, target, path);
      }),
      strategy: strategy === undefined ? {} : { strategy },
    };
  });
  return (requestModel, dialect) => {
    const found = compiled.find(({ serves }) => serves(requestModel));
    if (found === undefined) return undefined;
    const targets = found.targets.filter(({ route }) => route.dialect.id === dialect.id);
    return { targets, ...found.strategy };
  };
}

/** A provider's every way of being asked; which one it is depends on the caller's dialect. */
function targetsAt(providers: readonly Provider[], options: RouteTargetOptions, path: string): Target[] {
  const { provider: id, ...more } = options;
  const provider = providers.find((one) => one.id === id);
  if (provider === undefined) throw new ConfigurationError(path, `no provider has the id "${id}"`);
  return provider.routes
    .filter((route): route is MeteredRoute => route.kind === 'metered')
    .map((route) => ({ provider, route, ...more }));
}

/** `*` stands for any run of characters. */
export function modelTest(patterns: readonly string[]): (model: string) => boolean {
  const tests = patterns.map((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`);
  });
  return (model) => tests.some((test) => test.test(model));
}
