import type { Headers } from './transport.ts';

type Fetch = typeof globalThis.fetch;

/** What a caller gave to `fetch`, read whole. */
export interface CallersRequest {
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads what a caller gives to `fetch`. Text or bytes with their headers, which is what SDKs give, are taken as
 * they are; everything else is left to `Request`, which copies a large prompt several times.
 *
 * @throws {TypeError} as `fetch` does, for what is no request
 */
export async function readRequest(
  input: Parameters<Fetch>[0],
  init: Parameters<Fetch>[1],
): Promise<CallersRequest> {
  const isRequest = typeof input === 'object' && 'url' in input;
  const body = isRequest ? undefined : bytesOf(init?.body);
  const headers = isRequest ? undefined : new globalThis.Headers(init?.headers);
  // Without a content type `fetch` names one that depends on the body.
  if (body !== undefined && headers?.has('content-type') === true)
    return { headers: Object.fromEntries(headers), body, signal: init?.signal ?? undefined };
  const request = new Request(input, init);
  return {
    headers: Object.fromEntries(request.headers),
    body: new Uint8Array(await request.arrayBuffer()),
    signal: request.signal,
  };
}

function bytesOf(body: unknown): Uint8Array | undefined {
  if (typeof body === 'string') return Buffer.from(body);
  // A copy: `fetch` too sends what was there when it was called.
  return body instanceof Uint8Array ? new Uint8Array(body) : undefined;
}
