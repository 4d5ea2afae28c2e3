import type { IncomingHttpHeaders } from 'node:http';
import type { FakeError, Reply } from '../reply.ts';

/** How one provider's API looks from outside: enough of it that the official SDK cannot tell. */
export interface WireFormat {
  /** Such as `openai`. */
  readonly id: string;
  /** The key that a request presents, where this format carries it. */
  presentedKey(headers: IncomingHttpHeaders): string | undefined;
  /** The body of an error with that status. */
  renderError(status: number, error: FakeError): string;
  /** Headers that every answer has, such as the provider's own request id. */
  headers(requestNumber: number): Readonly<Record<string, string>>;
  readonly endpoints: readonly Endpoint[];
}

/** One path of a {@link WireFormat}. */
export interface Endpoint {
  readonly method: 'GET' | 'POST';
  /** The whole path; `*` stands for one segment. */
  readonly path: string;
  /** Answers whoever asks, with any key or none. @default false */
  readonly open?: boolean;
  /**
   * Reads a request and makes its answer.
   *
   * @throws {BadRequest} for what the real provider refuses
   */
  answer(request: EndpointRequest, reply: Reply): Answer;
}

export interface EndpointRequest {
  /** Counted from 1, for ids. */
  readonly number: number;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The body's fields; empty for a GET. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly bodyBytes: number;
}

/** An answer, made while it is written. */
export interface Answer {
  readonly kind: 'json' | 'stream';
  /** @default server-sent events for a stream, else JSON */
  readonly contentType?: string;
  readonly pieces: Iterable<Piece>;
  /** An error as an event of the stream. */
  renderErrorEvent?(error: FakeError): string;
}

/** One write of an answer's body, and the output tokens that it is worth. */
export interface Piece {
  readonly text: string | Uint8Array;
  readonly outputTokens: number;
}

/** What the real provider would answer with 400. */
export class BadRequest extends Error {
  readonly parameter: string | undefined;

  constructor(message: string, parameter?: string) {
    super(message);
    this.name = 'BadRequest';
    this.parameter = parameter;
  }
}

/** A JSON answer: one piece that is worth all its tokens. */
export function jsonAnswer(value: unknown, outputTokens = 0): Answer {
  return { kind: 'json', pieces: [{ text: JSON.stringify(value), outputTokens }] };
}

/** The field as text. @throws {BadRequest} when it is missing or something else */
export function requireText(body: Readonly<Record<string, unknown>>, field: string): string {
  const value = body[field];
  if (typeof value !== 'string' || value === '') {
    throw new BadRequest(
      value === undefined
        ? `Missing required parameter: '${field}'.`
        : `Invalid type for '${field}': expected a string.`,
      field,
    );
  }
  return value;
}

/** A whole number of at least 1, or `undefined`. @throws {BadRequest} for anything else */
export function optionalCount(body: Readonly<Record<string, unknown>>, field: string): number | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
    throw new BadRequest(`Invalid value for '${field}': expected an integer of at least 1.`, field);
  }
  return value;
}

/** True or false; absent is false. @throws {BadRequest} for anything else */
export function optionalFlag(body: Readonly<Record<string, unknown>>, field: string): boolean {
  const value = body[field];
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') {
    throw new BadRequest(`Invalid type for '${field}': expected a boolean.`, field);
  }
  return value;
}
