/** Variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What `OTEL_*` says of exporting. */
export interface OtelEnvironment {
  /** Somebody named a collector, and nobody switched OpenTelemetry off. */
  readonly exports: boolean;
  /** Somebody switched OpenTelemetry off. */
  readonly isDisabled: boolean;
  /** Why what was asked for will not be done, for people. */
  readonly warnings: readonly string[];
}

const endpoints = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
];

/**
 * Reads whether there is a collector to export to. Where it is, and everything else, the exporters read
 * themselves.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ (checked 2026-11-30)
 */
export function readOtelEnvironment(environment: Environment): OtelEnvironment {
  const named = endpoints.filter((name) => (environment[name] ?? '').trim() !== '');
  const isDisabled = environment['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true';
  if (named.length === 0 || isDisabled) return { exports: false, isDisabled, warnings: [] };
  const protocol = environment['OTEL_EXPORTER_OTLP_PROTOCOL']?.trim();
  const isGrpc = protocol === 'grpc' || named.some((name) => portOf(environment[name]) === '4317');
  return {
    exports: true,
    isDisabled,
    warnings: isGrpc
      ? [
          `${named[0]} looks like a gRPC collector; telemetry goes out as OTLP over HTTP, which collectors take on port 4318`,
        ]
      : [],
  };
}

function portOf(url: string | undefined): string | undefined {
  return URL.parse(url?.trim() ?? '')?.port;
}
