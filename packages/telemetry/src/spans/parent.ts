import type { Call } from '@genops/core';
import {
  type Context,
  context,
  createTraceState,
  isSpanContextValid,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';

/** Where the spans of a call belong: below the active span, else where the call's caller said. */
export function parentOf(call: Call): Context {
  const active = context.active();
  const span = trace.getSpanContext(active);
  if (span !== undefined && isSpanContextValid(span)) return active;
  const remote = call.trace === undefined ? undefined : remoteSpan(call.trace);
  return remote === undefined ? active : trace.setSpanContext(ROOT_CONTEXT, remote);
}

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Reads the headers of W3C Trace Context. What is not well-formed is no trace.
 *
 * @see https://www.w3.org/TR/trace-context/#traceparent-header (checked 2026-11-30)
 */
function remoteSpan({ traceparent, tracestate }: NonNullable<Call['trace']>): SpanContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '00', rest] = form.exec(traceparent.trim()) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  const span: SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: true,
    ...(tracestate !== undefined && tracestate.length <= 512 && { traceState: createTraceState(tracestate) }),
  };
  return isSpanContextValid(span) ? span : undefined;
}
