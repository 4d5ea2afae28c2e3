import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Meter } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { type IMetricReader, MeterProvider } from '@opentelemetry/sdk-metrics';
import { createTelemetry, type Telemetry, type TelemetryOptions } from './telemetry.ts';

export interface PrometheusReader {
  /** To be given to a `MeterProvider`. */
  readonly reader: IMetricReader;
  /** Everything, in Prometheus' text format. */
  scrape(): Promise<string>;
  /** Answers `GET /metrics` of a server of one's own. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** Reads metrics when they are asked for. */
export function createPrometheusReader(): PrometheusReader {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  const scrape = async (): Promise<string> => {
    const { resourceMetrics, errors } = await reader.collect();
    if (errors.length > 0) throw errors[0];
    return serializer.serialize(resourceMetrics);
  };
  return {
    reader,
    scrape,
    answer: async (request, response) => {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.writeHead(405, { allow: 'GET' }).end();
        return;
      }
      const text = await scrape();
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
      response.end(request.method === 'HEAD' ? undefined : text);
    },
  };
}

export interface PrometheusOptions extends Omit<TelemetryOptions, 'meterProvider' | 'exports' | 'onSpan'> {
  /** The label `service` of the metrics of the process. @default what `OTEL_SERVICE_NAME` says, else `genops` */
  readonly serviceName?: string;
}

/** Telemetry whose metrics can be collected; its spans go where the global SDK sends them. */
export interface PrometheusTelemetry extends Telemetry, Omit<PrometheusReader, 'reader'> {
  close(): Promise<void>;
}

/**
 * Metrics for Prometheus: `governor.on(prometheus)`, and `prometheus.answer(request, response)` where the
 * application answers `GET /metrics`.
 */
export function createPrometheusTelemetry(options: PrometheusOptions = {}): PrometheusTelemetry {
  const { serviceName, ...rest } = options;
  const { reader, scrape, answer } = createPrometheusReader();
  const meterProvider = new MeterProvider({ readers: [reader] });
  observeProcess(meterProvider.getMeter('@genops/telemetry/process'), serviceName);
  const telemetry = createTelemetry({ ...rest, meterProvider });
  return Object.assign(telemetry, { scrape, answer, close: () => meterProvider.shutdown() });
}

/** What every Prometheus client says of its process, by the names that they all use. */
export function observeProcess(
  meter: Meter,
  service: string = process.env['OTEL_SERVICE_NAME'] || 'genops',
): void {
  const memory = meter.createObservableGauge('process_resident_memory_bytes', {
    description: 'Memory that the process has, in bytes',
  });
  const processor = meter.createObservableCounter('process_cpu_seconds_total', {
    description: 'What the process has used of processors, in seconds',
  });
  memory.addCallback((result) => result.observe(process.memoryUsage.rss(), { service }));
  processor.addCallback((result) => {
    const { user, system } = process.cpuUsage();
    result.observe((user + system) / 1e6, { service });
  });
}
