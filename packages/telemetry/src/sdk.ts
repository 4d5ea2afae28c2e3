import { isSpanContextValid, trace } from '@opentelemetry/api';
import { scope } from './telemetry.ts';

/** True when the program has registered an OpenTelemetry SDK: only then do spans have an identity. */
export function isSdkRegistered(): boolean {
  const probe = trace.getTracer(scope).startSpan('probe', { root: true });
  return isSpanContextValid(probe.spanContext());
}
