import { ConfigurationError } from '@genops/core';

export interface CustomMetric {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly description?: string;
  readonly unit?: string;
}

/** What is used of an OpenTelemetry meter: `metrics.getMeter('…')` of `@opentelemetry/api`. */
export interface MeterLike {
  createGauge(name: string, options?: object): { record(value: number, attributes?: object): void };
  createCounter(name: string, options?: object): { add(value: number, attributes?: object): void };
  createHistogram(name: string, options?: object): { record(value: number, attributes?: object): void };
}

/** Metrics of one's own that calls carry values for. */
export interface CustomMetrics {
  register(metrics: readonly CustomMetric[]): void;
  /** @throws {ConfigurationError} for a name that nobody registered, or a value that is no number */
  check(values: Readonly<Record<string, number>>): void;
  record(values: Readonly<Record<string, number>>, attributes: Readonly<Record<string, string>>): void;
}

export function createCustomMetrics(meter: MeterLike | undefined): CustomMetrics {
  const recorders = new Map<string, (value: number, attributes: object) => void>();
  return {
    register: (metrics) => {
      if (meter === undefined) {
        throw new ConfigurationError('meter', 'expected an OpenTelemetry meter, to register metrics on');
      }
      for (const metric of metrics) recorders.set(metric.name, recorderOf(meter, metric));
    },
    check: (values) => {
      for (const [name, value] of Object.entries(values)) {
        if (!recorders.has(name))
          throw new ConfigurationError(`customMetrics.${name}`, 'expected a registered metric');
        if (!Number.isFinite(value))
          throw new ConfigurationError(`customMetrics.${name}`, 'expected a number');
      }
    },
    record: (values, attributes) => {
      for (const [name, value] of Object.entries(values)) recorders.get(name)?.(value, attributes);
    },
  };
}

function recorderOf(
  meter: MeterLike,
  { name, type, description, unit }: CustomMetric,
): (value: number, attributes: object) => void {
  const options = { ...(description !== undefined && { description }), ...(unit !== undefined && { unit }) };
  switch (type) {
    case 'gauge': {
      const gauge = meter.createGauge(name, options);
      return (value, attributes) => gauge.record(value, attributes);
    }
    case 'counter': {
      const counter = meter.createCounter(name, options);
      return (value, attributes) => counter.add(value, attributes);
    }
    case 'histogram': {
      const histogram = meter.createHistogram(name, options);
      return (value, attributes) => histogram.record(value, attributes);
    }
  }
}
