import type { GovernorListener } from '@genops/core';
import { type MeterProvider, metrics, type TracerProvider, trace } from '@opentelemetry/api';
import { createInstruments } from './instruments.ts';
import { recordSpan } from './spans.ts';

export interface TelemetryOptions {
  /** @default the global one */
  readonly tracerProvider?: TracerProvider;
  /** @default the global one */
  readonly meterProvider?: MeterProvider;
}

const scope = '@genops/telemetry';

/**
 * Listens to a governor and tells OpenTelemetry: `governor.on(createTelemetry())`. Costs next to nothing
 * when no SDK is registered. Prompts and answers are in none of it.
 *
 * @see https://github.com/open-telemetry/semantic-conventions-genai (checked 2026-11-20)
 */
export function createTelemetry(options: TelemetryOptions = {}): GovernorListener {
  const tracer = (options.tracerProvider ?? trace.getTracerProvider()).getTracer(scope);
  const record = createInstruments((options.meterProvider ?? metrics.getMeterProvider()).getMeter(scope));
  return (event) => {
    if (event.kind !== 'settled' && event.kind !== 'refused') return;
    const durationMs = event.kind === 'settled' ? event.durationMs : 0;
    recordSpan(tracer, event.call, event.entry, durationMs);
    record(event.entry, durationMs);
  };
}
