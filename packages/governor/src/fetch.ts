import type { Directory, Found } from './directory.ts';
import { govern } from './govern.ts';
import { forwardedHeaders } from './headers.ts';
import type { Line } from './line.ts';
import { createWebClient, webTransport } from './web.ts';

export interface GovernedFetchOptions {
  readonly line: Line;
  readonly directory: Directory;
  readonly onUnknownRoute: 'refuse' | 'pass';
  readonly fetch: typeof globalThis.fetch;
}

/** A `fetch` whose calls to known providers travel the line. */
export function createGovernedFetch(options: GovernedFetchOptions): typeof globalThis.fetch {
  const { line, directory, fetch } = options;
  const transport = webTransport(fetch);
  return async (input, init) => {
    const request = new Request(input, init);
    const found = directory.find(request.method, request.url);
    switch (found.result) {
      case 'metered': {
        const web = createWebClient(request.url, request.signal);
        const target = { provider: found.provider, route: found.route };
        const governed = {
          method: request.method,
          path: found.path,
          headers: Object.fromEntries(request.headers),
          body: new Uint8Array(await request.arrayBuffer()),
          dialect: found.route.dialect,
          targetsFor: () => [target],
        };
        govern(line, governed, transport, web.client).catch(web.fail);
        return web.response;
      }
      case 'free':
        return fetch(
          new Request(request, { headers: forwardedHeaders(Object.fromEntries(request.headers)) }),
        );
      default:
        return options.onUnknownRoute === 'pass' ? fetch(request) : unknownRoute(request, found);
    }
  };
}

/** What cannot be priced is not sent, unless somebody said that it may be. */
function unknownRoute(request: Request, found: Found): Response {
  const what = `${request.method} ${new URL(request.url).pathname}`;
  const message =
    found.result === 'unknown_provider'
      ? `No governed provider is at ${new URL(request.url).origin}: add its record to "providers"`
      : `${what} is not governed yet, so what it costs could not be held; onUnknownRoute: 'pass' lets it through unmetered`;
  const code = found.result === 'unknown_provider' ? 'unknown_provider' : 'unknown_route';
  return Response.json(
    { error: { message, type: 'permission_error', param: null, code } },
    { status: 403, headers: { 'x-should-retry': 'false', 'x-genops-reason': `x_${code}` } },
  );
}
