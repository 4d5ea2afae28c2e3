import type { Attributes, Meter, Observable } from '@opentelemetry/api';
import { type AliasGroup, labelAliases, metricAliases } from '../aliases/aliases.ts';
import { createLabelMaker, type LabelMaker, type Labels } from './cardinality.ts';
import { attributionLabel, type Facts, labelOf } from './facts.ts';
import type { Recorder } from './measure.ts';
import { type Metric, type MetricKind, type MetricName, metricTable } from './table.ts';

export interface InstrumentsOptions {
  readonly dimensions: readonly string[];
  readonly aliases: readonly AliasGroup[];
  readonly maxSeries: number;
  readonly onOverflow: () => void;
  /** What a state is now. */
  readonly observe: (metric: MetricName) => Iterable<readonly [value: number, facts: Facts]>;
}

/** One instrument, under one name. */
interface Sink {
  readonly take: (value: number, attributes: Attributes) => void;
  readonly labels: LabelMaker;
  readonly scale: number;
  readonly only: readonly (readonly [fact: string, value: string])[];
}

/** Makes the instruments of the table, and of the aliases that were asked for. */
export function createInstruments(meter: Meter, options: InstrumentsOptions): Recorder {
  const sinks = new Map<MetricName, Sink[]>();
  const makers = new Map<string, LabelMaker>();
  /** Metrics with the same labels have the same series. */
  const makerOf = (labels: Labels): LabelMaker => {
    const key = JSON.stringify(labels);
    const maker = makers.get(key) ?? createLabelMaker(labels, options.maxSeries, options.onOverflow);
    makers.set(key, maker);
    return maker;
  };
  for (const name of Object.keys(metricTable) as MetricName[]) {
    const metric: Metric = metricTable[name];
    const labels = canonicalLabels(metric, options);
    const own = { name, kind: metric.kind, labels, scale: 1, only: [] };
    const others = metricAliases
      .filter(({ of, group }) => of === name && options.aliases.includes(group))
      .map(({ name, kind, labels, scale = 1, only = {} }) => ({
        name,
        kind,
        labels: Object.entries(labels),
        scale,
        only: Object.entries(only),
      }));
    sinks.set(
      name,
      [own, ...others].flatMap((one) => {
        const sink = {
          labels: makerOf(one.labels),
          scale: one.scale,
          only: one.only,
        };
        if (one.kind === 'state') {
          observe(meter, one.name, metric, sink, () => options.observe(name));
          return [];
        }
        return [{ ...sink, take: instrument(meter, one.name, one.kind, metric, one.scale) }];
      }),
    );
  }
  return (metric, value, facts, more) => {
    for (const { take, labels, scale, only } of sinks.get(metric) ?? []) {
      if (only.every(([fact, wanted]) => (more?.[fact] ?? facts[fact]) === wanted))
        take(value * scale, labels(facts, more));
    }
  };
}

function canonicalLabels({ facts }: Metric, { dimensions, aliases }: InstrumentsOptions): Labels {
  const named = facts.flatMap((fact): (readonly [string, string])[] =>
    fact === 'who'
      ? dimensions.map((dimension) => [attributionLabel(dimension), dimension] as const)
      : [[labelOf[fact] ?? fact, fact]],
  );
  const has = new Set(named.map(([, fact]) => fact));
  const models = has.has('requestModel') ? ['model', 'skyRouterModel'] : [];
  const extra = labelAliases
    .filter(({ group, fact }) => aliases.includes(group) && (has.has(fact) || models.includes(fact)))
    .map(({ label, fact }) => [label, fact] as const);
  return [...named, ...extra];
}

/** Buckets of a name in another unit are the same ones in that unit. */
function instrument(
  meter: Meter,
  name: string,
  kind: Exclude<MetricKind, 'state'>,
  { unit, description, buckets = [] }: Metric,
  scale: number,
): Sink['take'] {
  const options = { description, unit: scale === 1 ? unit : 'ms' };
  switch (kind) {
    case 'counter':
      return summed(meter.createObservableCounter(name, options));
    case 'up_down_counter':
      return summed(meter.createObservableUpDownCounter(name, options));
    case 'gauge': {
      const gauge = meter.createGauge(name, options);
      return (value, attributes) => gauge.record(value, attributes);
    }
    case 'histogram': {
      const explicitBucketBoundaries = buckets.map((bucket) => bucket * scale);
      const histogram = meter.createHistogram(name, { ...options, advice: { explicitBucketBoundaries } });
      return (value, attributes) => histogram.record(value, attributes);
    }
  }
}

/**
 * Adds up here and tells when somebody collects: an SDK looks every series up by all of its labels, each time
 * that something is added, which is most of what a call would cost.
 */
function summed(counter: Observable): Sink['take'] {
  const totals = new Map<Attributes, number>();
  counter.addCallback((result) => {
    for (const [attributes, total] of totals) result.observe(total, attributes);
  });
  return (value, attributes) => {
    totals.set(attributes, (totals.get(attributes) ?? 0) + value);
  };
}

function observe(
  meter: Meter,
  name: string,
  { unit, description }: Metric,
  { labels, scale, only }: Omit<Sink, 'take'>,
  read: () => Iterable<readonly [value: number, facts: Facts]>,
): void {
  const gauge: Observable = meter.createObservableGauge(name, {
    description,
    unit: scale === 1 ? unit : '%',
  });
  gauge.addCallback((result) => {
    for (const [value, facts] of read()) {
      if (only.every(([fact, wanted]) => facts[fact] === wanted))
        result.observe(value * scale, labels(facts));
    }
  });
}
