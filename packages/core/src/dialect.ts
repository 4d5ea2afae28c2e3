import type { Operation } from './call.ts';
import type { Money } from './money.ts';
import type { Usage } from './usage.ts';

/** What the line needs to know of a request, whatever its wire format. */
export interface RequestFacts {
  readonly requestModel: string;
  /** Models that a gateway may serve instead, by the caller's own wish (OpenRouter's `models`). */
  readonly alternativeModels?: readonly string[];
  readonly stream: boolean;
  /** Answers asked for at once (`n`). */
  readonly choices: number;
  /** Most output tokens that each answer may have, as the caller said; absent when the caller set none. */
  readonly maxOutputTokens?: number;
  readonly serviceTier?: string;
  /** UTF-8 bytes of everything that could become text input. Text never has more tokens than bytes. */
  readonly inputBytes: number;
  /** Parts whose size in tokens the request does not show: images, audio, video, files by reference. */
  readonly media?: Readonly<Partial<Record<'image' | 'audio' | 'video' | 'file', number>>>;
  /** What it asks of a model besides answering; absent where it asks nothing, or the format does not tell. */
  readonly needs?: readonly ('tools' | 'json_schema' | 'json_mode')[];
  /** What else a price may depend on: `searchContextSize`, `imageSize`, `imageQuality` … */
  readonly options?: Readonly<Record<string, string | number | boolean>>;
  /** The requests that an order of many consists of; it can come to the sum of what each can come to. */
  readonly requests?: readonly RequestFacts[];
  /** The id of an upload that the requests of an order are in. */
  readonly inputFile?: string;
  /** Where that depends on the request: as {@link Dialect.usageComes}, which it takes the place of. */
  readonly usageComes?: 'later' | 'never';
}

/** What may be changed in a request on its way. Everything not named stays as the caller wrote it. */
export interface RequestChanges {
  readonly model?: string;
  /** Caps each answer. */
  readonly maxOutputTokens?: number;
  /** Asks the provider to report usage at the end of a stream. */
  readonly reportUsage?: boolean;
}

/** A request that was read once. */
export interface OpenedRequest {
  readonly facts: RequestFacts;
  /** True when the caller asked for usage in the stream, or the format always has it. */
  readonly usageRequested: boolean;
  /** The bytes to forward: the very same ones when nothing changes. */
  rewrite(changes: RequestChanges): Uint8Array;
  /** The path to send to, for formats that keep the model there; absent where the path never changes. */
  rewritePath?(changes: RequestChanges): string;
}

/** What an answer says about itself. */
export interface AnswerFacts {
  readonly responseId?: string;
  readonly responseModel?: string;
  /** The tier that served, which may not be the one asked for. */
  readonly serviceTier?: string;
  readonly speed?: string;
  readonly region?: string;
  /** Inclusive counters; absent when the answer has none, which is not zero. */
  readonly usage?: Usage;
  /** Work inside the call that another model did or that the totals leave out, priced on its own. */
  readonly parts?: readonly { readonly responseModel?: string; readonly usage: Usage }[];
  /** What the provider says it charged. */
  readonly reportedCost?: Money;
  /** With a gateway and the caller's own key: what the provider behind it bills. */
  readonly upstreamCost?: Money;
  /** How a gateway routed the call, as far as it says. */
  readonly gateway?: GatewayRouting;
  /** The work goes on when the answer is over: what it comes to is told by results that are read another time. */
  readonly pending?: true;
  /** Numeric usage fields that no rule read, by path. Never dropped silently. */
  readonly unreadUsage?: readonly string[];
  /** In streams: why the counters that came cannot be; `usage` is absent then. Whole answers throw instead. */
  readonly usageProblem?: string;
  /** An error inside an answer whose status said that all is well. */
  readonly error?: { readonly message: string; readonly code?: string };
}

/** How a gateway routed a call, in its own words. */
export interface GatewayRouting {
  /** Who served the model in the end. */
  readonly hostProvider?: string;
  /** Whom the gateway had chosen first. */
  readonly predictedProvider?: string;
  readonly strategy?: string;
  /** True when somebody else than the first choice served. */
  readonly fallbackUsed?: boolean;
  /** The answer came out of the gateway's cache: nothing was generated, so nothing is charged. */
  readonly cacheHit?: true;
}

/** What a stream has shown so far. */
export interface StreamFacts extends AnswerFacts {
  /** True once the format's own end was seen. */
  readonly complete: boolean;
  /** Set when `usage` is that of the whole answer before the end was seen; else it may be what had been made by then. */
  readonly usageIsFinal?: true;
  /** UTF-8 bytes of output seen, for an estimate when usage never came. */
  readonly outputBytes: number;
  /** Events that carried output. Providers send at least one token in each. */
  readonly outputEvents: number;
}

/** Reads a stream while it passes. */
export interface StreamReader {
  /**
   * Takes bytes as they came, cut anywhere, and gives back what to pass on: the very same bytes unless an
   * event has to be withheld. Bytes of an event that may be withheld are kept until it is complete.
   */
  push(chunk: Uint8Array): readonly Uint8Array[];
  /** What was kept back and is due when the stream ends. */
  flush(): readonly Uint8Array[];
  facts(): StreamFacts;
}

/** An error in the words that every dialect can say. */
export interface WireError {
  readonly status: number;
  /** `invalid_request_error`, `rate_limit_error`, `insufficient_quota` … */
  readonly type: string;
  readonly code: string;
  readonly message: string;
  readonly parameter?: string;
  /** More for machines, under the error's own object. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** How one wire format looks: four small things, no I/O. */
export interface Dialect {
  /** Such as `openai-chat`. */
  readonly id: string;
  readonly operation: Operation;
  /**
   * When answers themselves do not tell what was consumed: `later`, with results that are read another time,
   * until when the call counts as the most that it can come to; `never`, so that it is recorded without a price
   * and an enforced money limit refuses it.
   *
   * @default answers tell
   */
  readonly usageComes?: 'later' | 'never';
  /**
   * Reads a request.
   *
   * @param bytes - the body as it came
   * @param path - the path it was sent to, for formats that keep the model there
   * @param contentType - the header of that name, which forms need: it holds their boundary
   * @throws {InvalidRequestError} when no provider could serve it
   */
  openRequest(bytes: Uint8Array, path: string, contentType?: string): OpenedRequest;
  /**
   * Reads a whole JSON answer. Loosely: what it does not know it leaves out.
   *
   * @throws {UsageError} for counters that cannot be
   */
  readAnswer(bytes: Uint8Array): AnswerFacts;
  /** @param options.withholdUsage - the caller did not ask for the usage that the line asked for */
  createStreamReader(options: { readonly withholdUsage: boolean }): StreamReader;
  /** An error as this format's clients expect it. */
  renderError(error: WireError): Uint8Array;
  /** An error as an event in a stream that has already begun. */
  renderStreamError(error: WireError): Uint8Array;
}
