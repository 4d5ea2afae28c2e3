import { ConfigurationError } from '@genops/core';
import { z } from 'zod';
import { aliasGroups } from './aliases/aliases.ts';
import type { Environment } from './environment.ts';

const reference = z
  .string()
  .regex(
    /^env:[A-Za-z_][A-Za-z0-9_]*$/,
    'expected a reference such as env:OTLP_KEY; secrets do not belong in this file',
  );
const text = z.string().min(1).max(256);
const count = z.int().positive();

/** What is told of calls, and to whom. Accounting does not depend on any of it. */
export const telemetrySchema = z
  .strictObject({
    prometheus: z
      .union([z.boolean(), z.strictObject({ token: reference })])
      .default(false)
      .meta({
        description:
          'GET /metrics: true answers whoever can reach the proxy; a token is asked for as a bearer token.',
      }),
    otlp: z
      .strictObject({
        endpoint: z.url({ protocol: /^https?$/ }).meta({
          description: 'Of the collector, OTLP over HTTP, without /v1/traces: http://collector:4318.',
        }),
        headers: z
          .record(text, reference)
          .optional()
          .meta({ description: 'Sent with every export. Values are references: env:NAME.' }),
      })
      .optional()
      .meta({ description: 'Where spans and metrics are sent. Default: what OTEL_EXPORTER_OTLP_* says.' }),
    serviceName: text.optional(),
    aliases: z
      .union([z.boolean(), z.array(z.enum(aliasGroups)).min(1)])
      .default(false)
      .meta({ description: 'Compatibility names of metrics and attributes, beside our own.' }),
    dimensions: z.array(text).optional().meta({
      description: 'Attributes that metrics are told apart by. Default: team, project, environment.',
    }),
    maxSeries: count.optional().meta({ description: 'Of one metric. Default: 2000.' }),
    spanSampleRatio: z.number().min(0).max(1).optional().meta({
      description: 'Share of calls that get spans. Metrics and accounting have all of them. Default: 1.',
    }),
    batch: z
      .strictObject({
        maxQueueSize: count.optional(),
        maxExportBatchSize: count.optional(),
        scheduledDelayMs: count.optional(),
        exportTimeoutMs: count.optional(),
        metricIntervalMs: count.optional(),
      })
      .optional(),
    prompts: z
      .literal('never')
      .default('never')
      .meta({ description: 'Prompts and answers are in no telemetry; there is no other setting.' }),
  })
  .meta({ description: 'What is told of calls, and to whom.' });

export type TelemetryConfig = z.output<typeof telemetrySchema>;

/** What a file says of the collector, with its references looked up. */
export interface CollectorOptions {
  /** Without `/v1/traces`. */
  readonly endpoint?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Where a configuration sends spans and metrics, as `createOtlpTelemetry` takes it.
 *
 * @throws {ConfigurationError} when a variable that a header names is not set; its value is never shown
 */
export function collectorOf(
  { otlp }: Pick<TelemetryConfig, 'otlp'>,
  environment: Environment,
): CollectorOptions {
  if (otlp === undefined) return {};
  const headers = Object.entries(otlp.headers ?? {}).map(([name, value]) => {
    const variable = value.slice('env:'.length);
    const found = environment[variable];
    if (found) return [name, found] as const;
    throw new ConfigurationError(
      `telemetry.otlp.headers.${name}`,
      `the environment variable ${variable} is not set`,
    );
  });
  return { endpoint: otlp.endpoint, ...(headers.length > 0 && { headers: Object.fromEntries(headers) }) };
}
