import { ConfigurationError, type Dialect, type Provider } from '@genops/core';
import { translate } from '@genops/dialects';
import {
  type Constraints,
  nameTest,
  type RouteRules,
  type RouterOptions,
  type RouterStateStore,
  type RouteTarget,
  splitArm,
} from '@genops/router';
import type { MeteredRoute } from './directory.ts';
import { isFillable } from './filled-path.ts';
import type { Mirror, RouteLookup, Target } from './line.ts';

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

/** Where calls for some models may go, and what holds there instead of what holds everywhere. */
export interface RouteOptions extends Omit<RouteRules, 'split'> {
  /** Models as callers name them; `*` stands for any run of characters. */
  readonly models: readonly string[];
  /** In the order that the strategy `failover` keeps. */
  readonly targets: readonly RouteTargetOptions[];
  /** @default the governor's */
  readonly strategy?: string;
  /** Added to the governor's, and win. */
  readonly constraints?: Constraints;
  /**
   * Name of an experiment: its targets' shares say how calls are spread over them, always the same one for
   * the same session. The name is part of what decides, so that two experiments do not pick the same callers.
   */
  readonly split?: string;
  /** Sends a share of the calls to another place too, when they are over. */
  readonly mirror?: MirrorOptions;
}

/** A copy of calls for another place: to compare answers, to try a model. Callers do not notice. */
export interface MirrorOptions {
  /** Stands in the tag `mirror` of its entries. */
  readonly name: string;
  readonly target: RouteTargetOptions;
  /** Of the calls, always the same sessions. 0 to 1. @default 1 */
  readonly share?: number;
  /** Copies under way at once; beyond that they are refused. @default 4 */
  readonly maxConcurrent?: number;
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
  /** With `split`: how large a part of the calls goes here first; shares need not add up to anything. @default 0 */
  readonly share?: number;
}

/** @throws {ConfigurationError} when a route names a provider that is not there, or no place at all */
export function createRouteLookup(
  routes: readonly RouteOptions[],
  providers: readonly Provider[],
): RouteLookup {
  const compiled = routes.map(
    ({ models, targets, strategy, constraints, split, mirror, ...rules }, index) => {
      const at = `routes[${index}]`;
      if (targets.length === 0) throw new ConfigurationError(`${at}.targets`, 'expected one or more');
      if (split !== undefined) checkShares(split, targets, at);
      return {
        serves: nameTest(models),
        places: targets.map((target, place) => placeOf(target, providers, `${at}.targets[${place}]`)),
        more: {
          ...(strategy !== undefined && { strategy }),
          ...(constraints !== undefined && { constraints }),
          ...(split !== undefined && { split }),
          ...(Object.keys(rules).length > 0 && { rules }),
        },
        mirror: mirror && compileMirror(mirror, providers, `${at}.mirror`),
      };
    },
  );
  return (requestModel, dialect, stream) => {
    const found = compiled.find(({ serves }) => serves(requestModel));
    if (found === undefined) return undefined;
    const { places, more, mirror } = found;
    const asked = { model: requestModel, dialect, stream };
    const [copy] = mirror === undefined ? [] : targetAt(mirror.place, asked);
    return {
      targets: places.flatMap((place) => targetAt(place, asked)),
      ...more,
      ...(mirror !== undefined && copy !== undefined && { mirror: { ...mirror.mirror, target: copy } }),
    };
  };
}

function placeOf(
  { provider: id, ...more }: RouteTargetOptions,
  providers: readonly Provider[],
  path: string,
): Place {
  const provider = providers.find((one) => one.id === id);
  if (provider === undefined)
    throw new ConfigurationError(`${path}.provider`, `no provider has the id "${id}"`);
  return { provider, more };
}

function checkShares(name: string, targets: readonly RouteTargetOptions[], at: string): void {
  const shares = targets.map(({ share = 0 }, index) => [String(index), share] as const);
  try {
    splitArm({ name, shares: Object.fromEntries(shares) }, '');
  } catch (error) {
    throw new ConfigurationError(`${at}.split`, 'expected shares from 0 up, one of them above 0', {
      cause: error,
    });
  }
}

function compileMirror(
  { name, target, share = 1, maxConcurrent = 4 }: MirrorOptions,
  providers: readonly Provider[],
  path: string,
): { readonly place: Place; readonly mirror: Omit<Mirror, 'target'> } {
  if (!(share >= 0 && share <= 1))
    throw new ConfigurationError(`${path}.share`, `expected a number from 0 to 1, got ${share}`);
  if (!(maxConcurrent >= 1))
    throw new ConfigurationError(
      `${path}.maxConcurrent`,
      `expected a number from 1 up, got ${maxConcurrent}`,
    );
  return {
    place: placeOf(target, providers, `${path}.target`),
    mirror: { name, share, slots: { free: maxConcurrent } },
  };
}

interface Place {
  readonly provider: Provider;
  readonly more: Omit<RouteTargetOptions, 'provider'>;
}

interface Asked {
  readonly model: string;
  readonly dialect: Dialect;
  readonly stream: boolean;
}

/** How a provider is asked: in the caller's own format where it has that, else in one that can be translated. */
function targetAt({ provider, more }: Place, { model, dialect: caller, stream }: Asked): readonly Target[] {
  const routes = provider.routes.filter(
    (route): route is MeteredRoute =>
      route.kind === 'metered' && isFillable(route.path) && route.serves?.(more.model ?? model) !== false,
  );
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
