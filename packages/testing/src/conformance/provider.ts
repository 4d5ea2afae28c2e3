import { defineProvider, type Provider, type ProviderRoute } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { matchesPath } from '../path-pattern.ts';
import { testAnswers } from './answers.ts';
import { testErrors } from './errors.ts';
import type { ExchangeFixture, ProviderFixtures } from './provider-fixtures.ts';
import { testRequests } from './requests.ts';
import type { RouteSeen } from './seen.ts';
import { testStreams } from './streams.ts';

/**
 * The suite that every provider passes: its record is well-formed, every route is found and has fixtures,
 * its dialects read them to exactly these facts however the bytes are cut, and its key is where it belongs.
 * To be called at the top of a vitest file.
 */
export function testProvider(provider: Provider, fixtures: ProviderFixtures): void {
  describe(`provider ${provider.id}`, () => {
    testRecord(provider);
    testKey(provider, fixtures);
    testRoutes(provider, fixtures);
    for (const exchange of fixtures.exchanges) {
      const route = routeAt(provider, exchange.path);
      if (route === undefined) continue;
      const { dialect, path } = route;
      describe(`at ${path}`, () => {
        testRequests(dialect, exchange);
        testAnswers(dialect, exchange.answer);
        if (exchange.stream !== undefined) testStreams(dialect, exchange.stream);
        testErrors(provider, dialect, exchange);
      });
    }
  });
}

function testRecord(provider: Provider): void {
  it('has a well-formed record', () => {
    expect(defineProvider(provider)).toBe(provider);
    expect(provider.name).not.toBe('');
    expect(provider.apiKeyEnv).toMatch(/^[A-Z][A-Z0-9_]*$/);
    const { protocol, hostname, search, hash } = new URL(provider.baseUrl);
    if (hostname !== 'localhost' && hostname !== '127.0.0.1') expect(protocol).toBe('https:');
    expect([search, hash]).toEqual(['', '']);
  });
}

function testKey(provider: Provider, { keyHeaders }: ProviderFixtures): void {
  it('puts the key in its headers and nowhere else', () => {
    for (const apiKey of ['sk-one', 'sk-other']) {
      const headers = provider.authorize(apiKey);
      expect(headers).toEqual(keyHeaders(apiKey));
      expect(Object.values(headers).join('\n')).toContain(apiKey);
      expect(Object.keys(headers)).toEqual(Object.keys(headers).map((name) => name.toLowerCase()));
    }
    expect(JSON.stringify(provider.authorize('sk-other'))).not.toContain('sk-one');
  });
}

function testRoutes(provider: Provider, { exchanges }: ProviderFixtures): void {
  it.for(provider.routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    'finds %s before any other',
    ([, route], { task }) => {
      expect(route.path).toMatch(/^\/\S*[^/]$/);
      expect(route.method).toMatch(/^[A-Z]+$/);
      expect(routeOf(provider, route.method, route.path.replaceAll('*', 'some-thing'))).toBe(route);
      task.meta.seen = { route: routeSeen(route) };
    },
  );

  it('has one route for each path', () => {
    const places = provider.routes.map(({ method, path }) => `${method} ${path}`);
    expect(places.filter((place, index) => places.indexOf(place) < index)).toEqual([]);
  });

  it('has fixtures for every route that tells what it consumed, and no others', () => {
    for (const { path } of provider.routes.filter(tellsUsage)) {
      expect(exchanges.map((exchange: ExchangeFixture) => exchange.path)).toSatisfy(
        (paths: readonly string[]) => paths.some((candidate) => matchesPath(path, candidate)),
      );
    }
    for (const { path } of exchanges) expect(routeAt(provider, path), path).toBeDefined();
  });
}

/** What is done with what comes there. */
function routeSeen(route: ProviderRoute): RouteSeen {
  if (route.kind !== 'metered') return { kind: route.kind, what: `${route.method} ${route.path}` };
  const { operation, usageComes } = route.dialect;
  return { kind: usageComes === 'never' ? 'unmetered' : 'metered', what: operation };
}

type MeteredRoute = Extract<ProviderRoute, { kind: 'metered' }>;

/** What can never be metered has nothing that a fixture could show. */
function tellsUsage(route: ProviderRoute): route is MeteredRoute {
  return route.kind === 'metered' && route.dialect.usageComes !== 'never';
}

/** As a governor finds it: a path without `*` wins, else the first that fits. */
function routeOf(provider: Provider, method: string, path: string): ProviderRoute | undefined {
  const fits = provider.routes.filter((route) => route.method === method && matchesPath(route.path, path));
  return fits.find((route) => route.path === path) ?? fits[0];
}

function routeAt(provider: Provider, path: string): MeteredRoute | undefined {
  const route = routeOf(provider, 'POST', path);
  return route !== undefined && tellsUsage(route) ? route : undefined;
}
