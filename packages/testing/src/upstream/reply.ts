/**
 * What the fake upstream answers. Whatever is left out is made up, the same way each time: a request that
 * is sent twice gets the same text and the same usage.
 */
export interface Reply {
  /** @default 200 */
  readonly status?: number;
  /** Added to the format's own; they win over them. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** The whole body, instead of one in the format. Text and bytes go out as they are, the rest as JSON. */
  readonly body?: unknown;
  /** What an error says, in the format's own shape. Every status from 400 on has one even without this. */
  readonly error?: FakeError;
  /** What the model says. @default words, as many as `chunks` and the caller's cap allow */
  readonly text?: string;
  /** The model that answers. @default the one asked for */
  readonly model?: string;
  /**
   * The usage object exactly as it goes out, right or wrong: `{ prompt_tokens: 100, completion_tokens: 50 }`.
   * `JSON.rawJSON('1e400')` writes a number that JavaScript cannot hold.
   *
   * @default counts of the request's bytes and the answer's words
   */
  readonly usage?: unknown;
  /** More fields at the top of the answer, and of each chunk: `service_tier`, `provider` … */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Events of a stream that carry text; `Infinity` never ends. @default one for each word */
  readonly chunks?: number;
  /** Before the status line. @default 0 */
  readonly delayMs?: number;
  /** Before each piece of the body but the first. @default 0 */
  readonly chunkDelayMs?: number;
  /**
   * Cuts the body into pieces of this many bytes, events and characters notwithstanding.
   *
   * @default the pieces are the events of a stream, or a whole JSON body
   */
  readonly pieceBytes?: number;
  /** What goes wrong. */
  readonly fault?: Fault;
}

/** An error in the words that every format has a place for. */
export interface FakeError {
  readonly message?: string;
  readonly type?: string;
  readonly code?: string;
  readonly parameter?: string;
}

/** How an answer goes wrong. Errors with a status, HTML and redirects need no fault: say `status`, `headers`, `body`. */
export type Fault =
  /**
   * `reset` tears the connection down, `close` ends it in good order although the body is not complete,
   * `hang` keeps it open and says nothing more.
   */
  | { readonly kind: 'reset' | 'close' | 'hang'; readonly after: FaultPoint }
  /** A stream that ends with an error event after so many pieces. */
  | { readonly kind: 'error_event'; readonly after: number }
  /** An answer without usage, although it was asked for. */
  | { readonly kind: 'no_usage' }
  /** A stream that ends in good order but without the format's own last event (`[DONE]`, `message_stop`). */
  | { readonly kind: 'no_end' }
  /** These bytes on the socket, instead of an HTTP response. @default `then` is `close` */
  | {
      readonly kind: 'raw';
      readonly bytes: string | Uint8Array;
      readonly then?: 'reset' | 'close' | 'hang';
    };

/** Once the request was read, once the headers are out, or after so many pieces of the body. */
export type FaultPoint = 'request' | 'headers' | number;

/** Which requests a rule answers: all that is said must hold. */
export type RequestMatcher =
  | {
      readonly method?: string;
      /** Without the query. */
      readonly path?: string;
      readonly model?: string;
      readonly stream?: boolean;
      /** Lower-case names. */
      readonly headers?: Readonly<Record<string, string>>;
    }
  | ((request: FakeRequest) => boolean);

/** A request as rules see it. */
export interface FakeRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body parsed; `undefined` when it is not JSON. */
  readonly json: unknown;
}

/** An answer for some requests. */
export interface ReplyRule {
  /** @default every request */
  readonly when?: RequestMatcher;
  /** A list is used up in order; its last reply stays. */
  readonly reply: Reply | readonly [Reply, ...Reply[]] | ((request: FakeRequest) => Reply);
  /** After so many answers the rule is passed over. @default never */
  readonly times?: number;
}

/** True when the request is of the kind described. */
export function matches(matcher: RequestMatcher | undefined, request: FakeRequest): boolean {
  if (matcher === undefined) return true;
  if (typeof matcher === 'function') return matcher(request);
  const { model, stream } = (request.json ?? {}) as { model?: unknown; stream?: unknown };
  return (
    (matcher.method === undefined || matcher.method === request.method) &&
    (matcher.path === undefined || matcher.path === request.path) &&
    (matcher.model === undefined || matcher.model === model) &&
    (matcher.stream === undefined || matcher.stream === (stream === true)) &&
    Object.entries(matcher.headers ?? {}).every(([name, value]) => request.headers[name] === value)
  );
}
