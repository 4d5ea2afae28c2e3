import { context, propagation } from '@opentelemetry/api';

type Fetch = typeof globalThis.fetch;

/**
 * A `fetch` that tells whom it calls of the trace that is active, by the propagator that the OpenTelemetry
 * SDK registered: `createGovernor({ fetch: propagateTrace(fetch) })`. For gateways and model servers of
 * one's own; providers have no use for it. Headers that are there already stay.
 */
export function propagateTrace(fetch: Fetch): Fetch {
  return (input, init) => {
    const carrier: Record<string, string> = {};
    propagation.inject(context.active(), carrier);
    const entries = Object.entries(carrier);
    if (entries.length === 0) return fetch(input, init);
    const given = init?.headers ?? (input instanceof Request ? input.headers : undefined);
    const headers = new Headers(given);
    for (const [name, value] of entries) if (!headers.has(name)) headers.set(name, value);
    return fetch(input, { ...init, headers });
  };
}
