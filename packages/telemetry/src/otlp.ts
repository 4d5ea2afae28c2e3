import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { type IMetricReader, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { createExportMeter } from './stats.ts';
import { createTelemetry, type Telemetry, type TelemetryOptions } from './telemetry.ts';

export interface BatchOptions {
  /** Spans that wait at most; what comes on top is dropped and counted. @default 2048 */
  readonly maxQueueSize?: number;
  /** Spans of one export. @default 512 */
  readonly maxExportBatchSize?: number;
  /** Between two exports of spans. @default 5000 */
  readonly scheduledDelayMs?: number;
  /** After which an export counts as failed. @default what `OTEL_EXPORTER_OTLP_TIMEOUT` says, else 10_000 */
  readonly exportTimeoutMs?: number;
  /** Between two exports of metrics. @default 60_000 */
  readonly metricIntervalMs?: number;
}

export interface OtlpOptions
  extends Omit<TelemetryOptions, 'tracerProvider' | 'meterProvider' | 'exports' | 'onSpan'> {
  /**
   * Of the collector, without `/v1/traces`; `false` exports nothing.
   *
   * @default what `OTEL_EXPORTER_OTLP_ENDPOINT` says, else `http://localhost:4318`
   */
  readonly endpoint?: string | false;
  /** Sent with every export. @default what `OTEL_EXPORTER_OTLP_HEADERS` says */
  readonly headers?: Readonly<Record<string, string>>;
  /** @default what `OTEL_SERVICE_NAME` says, else `genops` */
  readonly serviceName?: string;
  /** Beside what `OTEL_RESOURCE_ATTRIBUTES` says. */
  readonly resource?: Readonly<Record<string, string>>;
  readonly batch?: BatchOptions;
  /** Readers of the metrics besides, such as that of `@genops/telemetry/prometheus`. */
  readonly readers?: readonly IMetricReader[];
}

/** Telemetry with an OpenTelemetry SDK of its own. */
export interface ExportingTelemetry extends Telemetry {
  readonly tracerProvider: TracerProvider;
  readonly meterProvider: MeterProvider;
  /** Sends what waits. Rejects when it cannot be sent. */
  flush(): Promise<void>;
  /** Sends what waits, for so long at most, and stops. Never rejects. @default 5000 */
  close(timeoutMs?: number): Promise<void>;
}

/**
 * Telemetry that sends spans and metrics to a collector, OTLP over HTTP. What OpenTelemetry reads from
 * `OTEL_*` holds where nothing is said here. Nothing waits for the collector: what it does not take is
 * dropped and counted.
 *
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/ (checked 2026-11-30)
 */
export function createOtlpTelemetry(options: OtlpOptions = {}): ExportingTelemetry {
  const { endpoint, headers, serviceName, batch = {}, readers = [], ...rest } = options;
  const maxQueueSize = batch.maxQueueSize ?? 2048;
  const exports = createExportMeter(maxQueueSize);
  const resource = resourceFromAttributes({ 'service.name': serviceName ?? 'genops' })
    .merge(detectResources({ detectors: [envDetector] }))
    .merge(
      resourceFromAttributes({
        ...options.resource,
        ...(serviceName !== undefined && { 'service.name': serviceName }),
      }),
    );
  const off = (name: string): boolean => process.env[name]?.trim().toLowerCase() === 'none';
  const sendsSpans = endpoint !== false && !off('OTEL_TRACES_EXPORTER');
  const sendsMetrics = endpoint !== false && !off('OTEL_METRICS_EXPORTER');
  const timeoutMillis = batch.exportTimeoutMs;
  const to = (path: string) => ({
    ...(timeoutMillis !== undefined && { timeoutMillis }),
    ...(endpoint !== undefined && endpoint !== false && { url: `${endpoint.replace(/\/+$/, '')}${path}` }),
    ...(headers !== undefined && { headers: { ...headers } }),
  });
  const spanProcessors: SpanProcessor[] = !sendsSpans
    ? []
    : [
        new BatchSpanProcessor({
          exporter: exports.meter(
            new OTLPTraceExporter(to('/v1/traces')),
            (spans: readonly unknown[]) => spans.length,
          ),
          maxQueueSize,
          maxExportBatchSize: Math.min(batch.maxExportBatchSize ?? 512, maxQueueSize),
          scheduledDelayMillis: batch.scheduledDelayMs ?? 5_000,
          ...(timeoutMillis !== undefined && { exportTimeoutMillis: timeoutMillis + 1_000 }),
        }),
      ];
  const exportIntervalMillis = batch.metricIntervalMs ?? 60_000;
  const pushing: IMetricReader[] = !sendsMetrics
    ? []
    : [
        new PeriodicExportingMetricReader({
          exporter: exports.meter(new OTLPMetricExporter(to('/v1/metrics')), () => 0),
          exportIntervalMillis,
          exportTimeoutMillis: Math.min(timeoutMillis ?? 30_000, exportIntervalMillis),
        }),
      ];
  const tracerProvider = new TracerProvider({
    resource,
    spanProcessors,
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  });
  const meterProvider = new MeterProvider({ resource, readers: [...pushing, ...readers] });
  const telemetry = createTelemetry({
    ...rest,
    tracerProvider,
    meterProvider,
    ...(sendsSpans ? { onSpan: exports.taken } : { spanSampleRatio: 0 }),
    ...(endpoint !== false && { exports: exports.stats }),
  });
  return Object.assign(telemetry, {
    tracerProvider,
    meterProvider,
    flush: async () => {
      await Promise.all([tracerProvider.forceFlush(), meterProvider.forceFlush()]);
    },
    close: async (timeoutMs = 5_000) => {
      const patience = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs).unref());
      const closed = Promise.allSettled([tracerProvider.shutdown(), meterProvider.shutdown()]);
      await Promise.race([closed, patience]);
    },
  });
}
