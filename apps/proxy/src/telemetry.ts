import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ConfigurationError } from '@genops/core';
import { readOtelEnvironment, type Telemetry } from '@genops/telemetry';
import { collectorOf, type TelemetryConfig } from '@genops/telemetry/config';
import { type Environment, resolveReference } from './config.ts';
import { sendError } from './send.ts';

/** Answers `GET /metrics`. */
export type MetricsRoute = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** What listens to the governor, and what it has to tell. */
export interface ProxyTelemetry {
  readonly telemetry: Telemetry;
  readonly metricsRoute?: MetricsRoute;
  /** Sends what waits, for a few seconds at most. Never rejects. */
  close(): Promise<void>;
}

/**
 * Starts what was asked for; nothing is loaded where nothing was.
 *
 * @throws {ConfigurationError} when a secret is missing, or a dimension is none
 */
export async function startTelemetry(
  config: TelemetryConfig,
  environment: Environment,
  onError: (error: unknown) => void,
): Promise<ProxyTelemetry | undefined> {
  const otel = readOtelEnvironment(environment);
  const exports = config.otlp !== undefined || otel.exports;
  if (!exports && config.prometheus === false) return undefined;
  if (config.otlp === undefined) for (const warning of otel.warnings) onError(new Error(warning));

  const { createPrometheusReader, observeProcess } = await import('@genops/telemetry/prometheus');
  const { createOtlpTelemetry } = await import('@genops/telemetry/otlp');
  const prometheus = config.prometheus === false ? undefined : createPrometheusReader();
  const { aliases, dimensions, maxSeries, spanSampleRatio, batch, serviceName } = config;
  const telemetry = createOtlpTelemetry({
    aliases,
    ...(dimensions !== undefined && { dimensions }),
    ...(maxSeries !== undefined && { maxSeries }),
    ...(spanSampleRatio !== undefined && { spanSampleRatio }),
    ...(batch !== undefined && { batch: present(batch) }),
    serviceName: serviceName ?? (environment['OTEL_SERVICE_NAME'] || 'genops-proxy'),
    ...(exports ? collectorOf(config, environment) : { endpoint: false }),
    readers: prometheus === undefined ? [] : [prometheus.reader],
  });
  if (prometheus !== undefined) {
    const meter = telemetry.meterProvider.getMeter('@genops/telemetry/process');
    observeProcess(meter, serviceName ?? (environment['OTEL_SERVICE_NAME'] || 'genops-proxy'));
  }
  return {
    telemetry,
    ...(prometheus !== undefined && {
      metricsRoute: guarded(tokenOf(config, environment), prometheus.answer),
    }),
    close: () => telemetry.close(),
  };
}

function tokenOf({ prometheus }: TelemetryConfig, environment: Environment): string | undefined {
  return typeof prometheus === 'boolean'
    ? undefined
    : resolveReference(environment, 'telemetry.prometheus.token', prometheus.token);
}

function guarded(token: string | undefined, answer: MetricsRoute): MetricsRoute {
  if (token === undefined) return answer;
  const wanted = digest(`Bearer ${token}`);
  return async (request, response) => {
    if (timingSafeEqual(digest(request.headers.authorization ?? ''), wanted))
      return answer(request, response);
    request.resume();
    response.setHeader('www-authenticate', 'Bearer');
    sendError(response, 401, 'authentication_error', 'invalid_token', 'The metrics ask for a bearer token');
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** True when `GENOPS_DEBUG` or the configuration says so. */
export function isDebug(debug: boolean, environment: Environment): boolean {
  const word = environment['GENOPS_DEBUG']?.trim().toLowerCase() ?? '';
  if (!['', '0', '1', 'false', 'true'].includes(word))
    throw new ConfigurationError('GENOPS_DEBUG', `expected 1, true, 0 or false; got "${word}"`);
  return word === '' ? debug : word === '1' || word === 'true';
}

/** Options that were left out are left out. */
function present<Options extends object>(
  options: Options,
): { [Name in keyof Options]: NonNullable<Options[Name]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
