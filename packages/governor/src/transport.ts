/** Header names in lower case. */
export type Headers = Readonly<Record<string, string>>;

/** One attempt as it goes out. */
export interface OutboundRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array | undefined;
  /** For the whole attempt, answer included. */
  readonly timeoutMs: number;
}

/**
 * Makes one attempt and hands over the answer as it comes. Exactly one of `end` and `error` is called last;
 * nothing is called after it, nor after `abort`.
 */
export type Transport = (request: OutboundRequest, answer: AnswerHandler) => Flow;

export interface AnswerHandler {
  head(status: number, headers: Headers): void;
  data(chunk: Uint8Array): void;
  end(): void;
  error(error: TransportError): void;
}

/** Steers an answer that is on its way. */
export interface Flow {
  /** True while no byte went out, where the transport knows. */
  readonly unsent?: boolean;
  pause(): void;
  resume(): void;
  abort(): void;
}

/** How an attempt failed below HTTP. */
export interface TransportError {
  /**
   * `not_sent` is promised only when no byte can have reached the provider; `misconfigured` promises the same,
   * and that none ever will until somebody changes an address, a key or a header.
   */
  readonly kind: 'not_sent' | 'misconfigured' | 'no_answer' | 'broken' | 'timeout' | 'too_large';
  readonly message: string;
  readonly cause?: unknown;
}

/** True when no byte can have reached the provider. */
export function neverLeft({ kind }: TransportError): boolean {
  return kind === 'not_sent' || kind === 'misconfigured';
}

/** Whoever waits for the answer: a fetch promise, an HTTP response, a test. */
export interface Client {
  /** Aborted when the caller does not want the answer any more. */
  readonly gone: AbortSignal;
  /** Once, before any `write`. */
  head(status: number, headers: Headers): void;
  /** @returns false when the caller wants a pause; `drained` follows */
  write(chunk: Uint8Array): boolean;
  /** Called each time the caller can take more again. */
  onDrained(resume: () => void): void;
  end(): void;
}
