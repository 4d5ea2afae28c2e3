import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Provider } from '@genops/core';
import type { createRouteFinder, Target } from '@genops/governor';
import type { CallsUnderWay } from './calls-under-way.ts';
import type { ConfigurationState } from './configurations.ts';
import type { DispatchTransport } from './dispatch-transport.ts';
import { managementPath } from './management/management.ts';
import { createCallRoute } from './routes/calls.ts';
import { estimateRoute } from './routes/estimate.ts';
import { answerHealth, answerReadiness } from './routes/health.ts';
import { answerModels } from './routes/models.ts';
import { createPassRoute } from './routes/pass.ts';
import { sendError } from './send.ts';
import type { Serving } from './serving.ts';
import type { MetricsRoute } from './telemetry.ts';
import { presentedKey, type VirtualKeys } from './virtual-keys.ts';

/** A provider as the proxy uses it: its record, its key, and the models that go to it. */
export interface ConfiguredProvider {
  readonly provider: Provider;
  /** Finds the route that a path is. */
  readonly find: ReturnType<typeof createRouteFinder>;
  readonly apiKey: NonNullable<Target['apiKey']> | undefined;
  readonly serves: (model: string) => boolean;
  /** Whether every key may reach what the account keeps: files, batches, earlier answers. */
  readonly sharesAccount: boolean;
  /** Names to list, as far as they are known. */
  readonly models: readonly string[];
}

export interface AppOptions {
  /** By the configuration in force. */
  readonly serving: () => Serving;
  readonly transport: DispatchTransport['transport'];
  readonly calls: CallsUnderWay;
  /** Answers `GET /metrics`, when metrics are wanted. */
  readonly metricsRoute?: MetricsRoute | undefined;
  /** False once the proxy is on its way out. */
  readonly accepting: () => boolean;
  readonly ledgerAvailable: () => boolean;
  readonly configuration: () => ConfigurationState;
  readonly onError: (error: unknown) => void;
}

/** The proxy behind HTTP: who asks, what they ask, and then the line that everyone's calls travel. */
export function createApp(options: AppOptions): Server {
  const callRoute = createCallRoute(options.transport);
  const passRoute = createPassRoute(options.transport);

  const route = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = 'GET', url = '/' } = request;
    const path = pathOf(url);
    if (method === 'GET' && path === '/health') return answerHealth(response);
    if (method === 'GET' && path === '/ready') return answerReadiness(response, options);
    if (path === '/metrics' && options.metricsRoute !== undefined)
      return options.metricsRoute(request, response);

    // Looked up once: what this request sees does not change any more.
    const serving = options.serving();
    if (serving.management !== undefined && path.startsWith(managementPath))
      return serving.management(request, response);

    const key = keyOf(request, serving.virtualKeys);
    if (key === undefined) {
      request.resume();
      return sendError(response, 401, 'authentication_error', 'invalid_api_key', unknownKey(request));
    }
    if (method === 'GET' && (path === '/v1/models' || path === '/models'))
      return answerModels(response, serving.providers);
    const serve =
      estimateRoute(serving, method, url) ??
      callRoute(serving, method, url) ??
      passRoute(serving, method, url);
    if (serve !== undefined) return serve(request, response, key);
    request.resume();
    sendError(
      response,
      404,
      'invalid_request_error',
      'unknown_url',
      `Unknown request URL: ${method} ${path.slice(0, 200)}`,
    );
  };

  const server = createServer(
    { requestTimeout: 120_000, headersTimeout: 20_000, keepAliveTimeout: 65_000 },
    (request, response) => {
      // Whoever comes back later must come back to another replica.
      if (!options.accepting()) response.shouldKeepAlive = false;
      response.once('close', () => {
        if (!options.accepting()) setImmediate(() => server.closeIdleConnections());
      });
      options.calls.track(route(request, response)).catch((error: unknown) => {
        options.onError(error);
        if (response.headersSent) response.destroy();
        else
          sendError(
            response,
            500,
            'api_error',
            'internal_error',
            'The proxy failed; the failure is in its log',
          );
      });
    },
  );
  return server;
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

function keyOf(request: IncomingMessage, keys: VirtualKeys): ReturnType<VirtualKeys> {
  const presented = presentedKey(request.headers);
  return presented === undefined ? undefined : keys(presented);
}

function unknownKey(request: IncomingMessage): string {
  return presentedKey(request.headers) === undefined
    ? 'No key was given: send a virtual key of this proxy as "Authorization: Bearer <key>"'
    : 'The key is not a virtual key of this proxy';
}
