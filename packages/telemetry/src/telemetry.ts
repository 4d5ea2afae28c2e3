import type { GovernorListener } from '@genops/core';
import {
  createNoopMeter,
  type Meter,
  type MeterProvider,
  metrics,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { type AliasGroup, chosenGroups } from './aliases/aliases.ts';
import { createEvaluations, type Evaluation } from './evaluations.ts';
import { createBudgets } from './metrics/budgets.ts';
import { checkDimensions, type Facts } from './metrics/facts.ts';
import { createInstruments } from './metrics/instruments.ts';
import { measure, type Recorder } from './metrics/measure.ts';
import type { MetricName } from './metrics/table.ts';
import { type RoutingResult, recordRouting } from './routing.ts';
import { createSampler } from './spans/sample.ts';
import { createSpanRecorder, type SpanRecorder } from './spans/spans.ts';
import type { ExportStats, TelemetryStats } from './stats.ts';

export interface TelemetryOptions {
  /** @default the global one, looked up with the first event */
  readonly tracerProvider?: TracerProvider;
  /** @default the global one, looked up with the first event */
  readonly meterProvider?: MeterProvider;
  /** Compatibility names beside our own, for dashboards that were made for other tools. @default none */
  readonly aliases?: boolean | readonly AliasGroup[];
  /**
   * Whom metrics are told apart by: attributes of calls, or `tags.<name>`. Spans have all of them.
   *
   * @default ['team', 'project', 'environment']
   */
  readonly dimensions?: readonly string[];
  /** Series of one metric; from then on, labels of new ones become `other`. @default 2000 */
  readonly maxSeries?: number;
  /** Share of calls that get spans, 0 to 1. Metrics and accounting have all of them. @default 1 */
  readonly spanSampleRatio?: number;
  /** What became of exports, where somebody counts them. */
  readonly exports?: () => ExportStats;
  /** Called for each span that was made. */
  readonly onSpan?: () => void;
  readonly now?: () => Date;
}

/** The meter that OpenTelemetry's API has while no SDK is registered. */
function isNobody(meter: Meter): boolean {
  return meter === createNoopMeter();
}

/** A listener of a governor, and what it can be asked. */
export interface Telemetry extends GovernorListener {
  readonly stats: () => TelemetryStats;
  /** Takes a score that an answer was given, whoever gave it. */
  readonly recordEvaluation: (evaluation: Evaluation) => void;
  /** Takes what a choice between models came to, where something else than the governor made it. */
  readonly recordRouting: (result: RoutingResult) => void;
}

export const scope = '@genops/telemetry';
const defaultDimensions = ['team', 'project', 'environment'];

/**
 * Listens to a governor and tells OpenTelemetry: `governor.on(createTelemetry())`. Costs next to nothing
 * when no SDK is registered. Prompts and answers are in none of it.
 *
 * @throws {ConfigurationError} for a dimension that no call can have
 * @throws {RangeError} for a ratio that is not between 0 and 1
 * @see https://github.com/open-telemetry/semantic-conventions-genai (checked 2026-11-20)
 */
export function createTelemetry(options: TelemetryOptions = {}): Telemetry {
  const aliases = chosenGroups(options.aliases);
  const dimensions = checkDimensions(options.dimensions ?? defaultDimensions);
  const maxSeries = options.maxSeries ?? 2000;
  const isSampled = createSampler(options.spanSampleRatio ?? 1);
  const budgets = createBudgets(options.now ?? (() => new Date()), maxSeries);
  const counts = { events: 0, spans: 0, sampledOut: 0, overflowed: 0, evaluated: 0, violated: 0 };

  const observe = (metric: MetricName): Iterable<readonly [value: number, facts: Facts]> => {
    const exports = options.exports?.();
    switch (metric) {
      case 'genops.policy.compliance_rate':
        return counts.evaluated === 0 ? [] : [[1 - counts.violated / counts.evaluated, {}]];
      case 'genops.telemetry.buffered':
        return exports === undefined ? [] : [[exports.buffered, {}]];
      case 'genops.telemetry.dropped':
        return exports === undefined ? [] : [[exports.dropped, {}]];
      default:
        return budgets.observe(metric);
    }
  };
  const onOverflow = (): void => {
    counts.overflowed += 1;
    take?.('genops.telemetry.overflow', 1, {});
  };
  let take: Recorder | undefined;
  /** A program may register its SDK after its first call: until then, it is looked for again. */
  const instruments = (): Recorder | undefined => {
    if (take !== undefined) return take;
    const meter = (options.meterProvider ?? metrics.getMeterProvider()).getMeter(scope);
    if (!isNobody(meter))
      take = createInstruments(meter, { dimensions, aliases, maxSeries, onOverflow, observe });
    return take;
  };
  const record: Recorder = (metric, value, facts, more) => {
    if (metric === 'genops.policy.evaluations') counts.evaluated += value;
    if (metric === 'genops.policy.violations') counts.violated += value;
    instruments()?.(metric, value, facts, more);
  };
  let spans: SpanRecorder | undefined;
  const listener: GovernorListener = (event) => {
    counts.events += 1;
    budgets.note(event);
    if (instruments() !== undefined) measure(event, dimensions, record);
    if (!('call' in event)) return;
    if (!isSampled(event.call.id)) {
      counts.sampledOut += 1;
      return;
    }
    spans ??= createSpanRecorder(
      (options.tracerProvider ?? trace.getTracerProvider()).getTracer(scope),
      aliases,
    );
    if (event.kind === 'corrected') spans.correct(event);
    else spans.record(event);
    counts.spans += 1;
    options.onSpan?.();
  };
  return Object.assign(listener, {
    stats: () => ({
      events: counts.events,
      spans: counts.spans,
      sampledOut: counts.sampledOut,
      overflowed: counts.overflowed,
      ...(options.exports !== undefined && { exports: options.exports() }),
    }),
    recordEvaluation: createEvaluations(record, dimensions),
    recordRouting: (result: RoutingResult) => recordRouting(result, record),
  });
}
