import { sendAttempt } from './attempt-context.ts';
import type {
  AnswerHandler,
  Client,
  Headers,
  OutboundRequest,
  Transport,
  TransportError,
} from './transport.ts';

/** Makes attempts with a `fetch`. Redirects are not followed: the answer would come from somebody else. */
export function webTransport(fetch: typeof globalThis.fetch): Transport {
  return (request, answer) => {
    const abort = new AbortController();
    const gate = createGate();
    let aborted = false;
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      abort.abort();
      // Whoever wants no more is still waited for otherwise.
      gate.open();
    }, request.timeoutMs);
    timer.unref();
    const told: AnswerHandler = {
      head: (status, headers) => !aborted && answer.head(status, headers),
      data: (chunk) => !aborted && answer.data(chunk),
      end: () => !aborted && answer.end(),
      error: (error) => !aborted && answer.error(timedOut ? timeoutError(request.timeoutMs) : error),
    };
    void exchange(fetch, request, abort.signal, gate, told).finally(() => clearTimeout(timer));
    return {
      pause: gate.close,
      resume: gate.open,
      abort: () => {
        aborted = true;
        gate.open();
        abort.abort();
      },
    };
  };
}

/** Never rejects. */
async function exchange(
  fetch: typeof globalThis.fetch,
  request: OutboundRequest,
  signal: AbortSignal,
  gate: Gate,
  answer: AnswerHandler,
): Promise<void> {
  let answered = false;
  try {
    const response = await sendAttempt(() =>
      fetch(request.url, {
        method: request.method,
        headers: { ...request.headers },
        ...(request.body !== undefined && { body: request.body as Uint8Array<ArrayBuffer> }),
        redirect: 'manual',
        signal,
      }),
    );
    answered = true;
    answer.head(response.status, decodedHeaders(response.headers));
    const reader = response.body?.getReader();
    while (reader !== undefined) {
      await gate.passed();
      const { done, value } = await reader.read();
      if (done) break;
      answer.data(value);
    }
    answer.end();
  } catch (error) {
    const unsendable = answered ? undefined : whyUnsendable(request, error);
    answer.error(
      unsendable === undefined
        ? transportError(error, answered)
        : { kind: 'misconfigured', message: unsendable, cause: error },
    );
  }
}

/**
 * Why `fetch` will never send a request: a port that it keeps away from, an address that is none of HTTP, a
 * header that cannot be. What it failed with does not always tell, so the request is made once more.
 *
 * @returns `undefined` for one that could be sent
 * @see https://fetch.spec.whatwg.org/#port-blocking (checked 2026-11-30)
 */
function whyUnsendable({ url, method, headers }: OutboundRequest, error: unknown): string | undefined {
  const { protocol, port, origin } = URL.parse(url) ?? {};
  if (protocol !== 'http:' && protocol !== 'https:') return `The address "${origin ?? url}" is none of HTTP`;
  if (causes(error).some(({ message }) => message === 'bad port'))
    return `fetch never connects to port ${port}: it is on the list of blocked ports`;
  try {
    new Request(url, { method, headers: { ...headers } });
    return undefined;
  } catch {
    return 'A header or the method of the request cannot be sent: look at keys and headers for stray characters';
  }
}

/** `fetch` has already undone the encoding that these two describe. */
function decodedHeaders(headers: globalThis.Headers): Headers {
  const decoded: Record<string, string> = Object.fromEntries(headers);
  delete decoded['content-encoding'];
  delete decoded['content-length'];
  return decoded;
}

const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const timeouts = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/**
 * Says what a failed attempt means for money.
 *
 * @param answered - the head of an answer had come
 */
export function transportError(error: unknown, answered: boolean): TransportError {
  const codes = causes(error).map((cause) => (cause as { code?: unknown }).code);
  const message = causes(error).at(-1)?.message || String(error);
  const kind = answered
    ? 'broken'
    : codes.some((code) => neverSent.has(String(code)))
      ? 'not_sent'
      : codes.some((code) => timeouts.has(String(code)))
        ? 'timeout'
        : 'no_answer';
  return { kind, message, cause: error };
}

/** The error of an attempt that took longer than it may. */
export function timeoutError(timeoutMs: number): TransportError {
  return { kind: 'timeout', message: `The provider did not finish its answer in ${timeoutMs} ms` };
}

/** From the error down to what caused it, at most a few steps. */
function causes(error: unknown): Error[] {
  const found: Error[] = [];
  for (let cause = error; cause instanceof Error && found.length < 8; cause = cause.cause ?? firstOf(cause)) {
    found.push(cause);
  }
  return found;
}

/** Several addresses that all failed come as one error with many. */
function firstOf(error: Error): unknown {
  return error instanceof AggregateError ? error.errors[0] : undefined;
}

interface Gate {
  readonly open: () => void;
  readonly close: () => void;
  readonly passed: () => Promise<void> | undefined;
}

/** Holds back whoever asks while it is closed. */
function createGate(): Gate {
  let waiting: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  return {
    open: () => {
      waiting?.resolve();
      waiting = undefined;
    },
    close: () => {
      waiting ??= Promise.withResolvers<void>();
    },
    passed: () => waiting?.promise,
  };
}

/** A caller that waits for a `Response`. */
export interface WebClient {
  readonly client: Client;
  /** Rejects with the signal's reason when the caller aborts before there is a head. */
  readonly response: Promise<Response>;
  /** Passes on an error that should not have been. */
  readonly fail: (error: unknown) => void;
}

const withoutBody = new Set([204, 205, 304]);

/** Answers with a `Response` whose body is read as fast as the caller takes it. */
export function createWebClient(url: string, signal: AbortSignal | undefined): WebClient {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const gone = new AbortController();
  let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  let resume = (): void => {};
  const fail = (error: unknown): void => {
    reject(error);
    stream?.error(error);
    stream = undefined;
  };
  const onAbort = (): void => {
    gone.abort(signal?.reason);
    fail(signal?.reason);
  };
  if (signal?.aborted === true) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });

  const body = (): ReadableStream<Uint8Array> =>
    new ReadableStream<Uint8Array>({
      start: (controller) => {
        stream = controller;
      },
      pull: () => resume(),
      cancel: (reason) => {
        stream = undefined;
        gone.abort(reason);
      },
    });
  const client: Client = {
    gone: gone.signal,
    head: (status, headers) => {
      const response = new Response(withoutBody.has(status) ? null : (body() as ReadableStream), {
        status,
        headers: { ...headers },
      });
      Object.defineProperty(response, 'url', { value: url });
      resolve(response);
    },
    write: (chunk) => {
      if (stream === undefined) return true;
      if (chunk.byteLength > 0) stream.enqueue(chunk);
      return (stream.desiredSize ?? 0) > 0;
    },
    onDrained: (callback) => {
      resume = callback;
    },
    end: () => {
      signal?.removeEventListener('abort', onAbort);
      stream?.close();
      stream = undefined;
    },
  };
  return { client, response: promise, fail };
}
