import type { Dialect, UploadFormat } from '@genops/core';
import { isAttempt } from './attempt-context.ts';
import type { Directory, Found, MeteredRoute } from './directory.ts';
import { readUpload } from './files.ts';
import { govern } from './govern.ts';
import { forwardedHeaders } from './headers.ts';
import type { Line } from './line.ts';
import { readRequest } from './read-request.ts';
import { createResultsReader, type ResultsReader } from './results/results-reader.ts';
import { createWebClient, webTransport } from './web.ts';

type Fetch = typeof globalThis.fetch;

export interface GovernedFetchOptions {
  readonly line: Line;
  readonly directory: Directory;
  readonly onUnknownRoute: 'refuse' | 'pass';
  readonly onUnknownProvider: 'refuse' | 'pass';
  readonly fetch: Fetch;
}

/**
 * A `fetch` whose calls to known providers travel the line. What passes by it passes as it came; so does an
 * attempt of a call that another governor governs already.
 */
export function createGovernedFetch(options: GovernedFetchOptions): Fetch {
  const { line, directory, fetch } = options;
  return async (input, init) => {
    const url = urlOf(input);
    if (url === undefined || isAttempt()) return fetch(input, init);
    const method = methodOf(input, init);
    const found = directory.find(method, url);
    switch (found.result) {
      case 'metered': {
        const { headers, body, signal } = await readRequest(input, init);
        const web = createWebClient(url, signal);
        const target = { provider: found.provider, route: found.route };
        const governed = {
          method,
          path: found.path,
          headers,
          body,
          dialect: spokenAt(found.route),
          targetsFor: () => [target],
        };
        const call = govern(line, governed, webTransport(dispatchedBy(fetch, init)), web.client);
        line.track(call).catch(web.fail);
        return web.response;
      }
      case 'free': {
        const request = passedOn(input, init);
        return found.upload === undefined ? fetch(request) : sendUpload(line, found.upload, fetch, request);
      }
      case 'results': {
        const response = await fetch(passedOn(input, init));
        const contentType = response.headers.get('content-type') ?? undefined;
        return readAsResults(response, createResultsReader(line, { ...found, contentType }));
      }
      case 'refused':
        return options.onUnknownRoute === 'pass' ? fetch(input, init) : refuseNamed(found.reason);
      case 'unknown_route':
        return options.onUnknownRoute === 'pass' ? fetch(input, init) : refuseUnknown(method, url, found);
      case 'unknown_provider':
        return options.onUnknownProvider === 'pass' ? fetch(input, init) : refuseUnknown(method, url, found);
    }
  };
}

/** How whoever addresses the provider itself writes and reads. */
function spokenAt({ dialect, renderError }: MeteredRoute): Dialect {
  return renderError === undefined ? dialect : { ...dialect, renderError };
}

/** Remembers what an order may name later. */
async function sendUpload(
  line: Line,
  upload: UploadFormat,
  fetch: Fetch,
  request: Request,
): Promise<Response> {
  const body = new Uint8Array(await request.clone().arrayBuffer());
  const read = readUpload(line.files, upload, body, request.headers.get('content-type') ?? undefined);
  const response = await fetch(request);
  if (response.ok) read?.(new Uint8Array(await response.clone().arrayBuffer()));
  return response;
}

/** Everything but the headers that are ours. */
function passedOn(input: Parameters<Fetch>[0], init: Parameters<Fetch>[1]): Request {
  const request = new Request(input, init);
  return new Request(request, { headers: forwardedHeaders(Object.fromEntries(request.headers)) });
}

/** Nobody sees of results what is not booked. */
function readAsResults(response: Response, results: ResultsReader): Response {
  if (!response.ok || response.body === null) return response;
  const booked = new TransformStream<Uint8Array, Uint8Array>({
    async transform(chunk, controller) {
      await results.push(chunk);
      controller.enqueue(chunk);
    },
    flush: () => results.end(),
  });
  return new Response(response.body.pipeThrough(booked), response);
}

/** In its normal form; `undefined` for what is no URL, which `fetch` itself knows best how to refuse. */
function urlOf(input: Parameters<Fetch>[0]): string | undefined {
  if (typeof input === 'object' && 'url' in input) return input.url;
  return URL.parse(String(input))?.href;
}

function methodOf(input: Parameters<Fetch>[0], init: Parameters<Fetch>[1]): string {
  const inherited = typeof input === 'object' && 'method' in input ? input.method : 'GET';
  return (init?.method ?? inherited).toUpperCase();
}

/** Calls go through the dispatcher that the caller chose: an HTTP proxy, certificates of their own. */
function dispatchedBy(fetch: Fetch, init: Parameters<Fetch>[1]): Fetch {
  const dispatcher = init?.dispatcher;
  if (dispatcher === undefined) return fetch;
  return (input, own) => fetch(input, { ...own, dispatcher });
}

/** What cannot be priced is not sent, unless somebody said that it may be. */
function refuseUnknown(method: string, url: string, found: Found): Response {
  const { origin, pathname } = new URL(url);
  const message =
    found.result === 'unknown_provider'
      ? `No governed provider is at ${origin}: add its record to "providers"`
      : `${method} ${pathname} is not governed yet, so what it costs could not be held; onUnknownRoute: 'pass' lets it through unmetered`;
  return refusal(found.result === 'unknown_provider' ? 'unknown_provider' : 'unknown_route', message);
}

function refuseNamed(reason: string): Response {
  return refusal('unmetered', `${reason}; onUnknownRoute: 'pass' lets it through unmetered`);
}

function refusal(code: string, message: string): Response {
  return Response.json(
    { error: { message, type: 'permission_error', param: null, code } },
    { status: 403, headers: { 'x-should-retry': 'false', 'x-genops-reason': `x_${code}` } },
  );
}
