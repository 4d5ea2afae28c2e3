import {
  type MetricKind,
  type MetricName,
  metricAliases,
  metricTable,
  prometheusName,
} from '../src/index.ts';

/** The name of one of our metrics in Prometheus. */
export function metric(name: MetricName): string {
  return prometheusName(name, metricTable[name].kind);
}

/**
 * The name of an alias in Prometheus.
 *
 * @throws {Error} when there is no such alias
 */
export function alias(name: string): string {
  const found = metricAliases.find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no alias ${name}`);
  return prometheusName(found.name, found.kind as MetricKind);
}
