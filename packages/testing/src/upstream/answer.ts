import { matchesPath } from '../path-pattern.ts';
import { type Answer, BadRequest, type Endpoint, type Piece, type WireFormat } from './formats/format.ts';
import type { JournalEntry } from './journal.ts';
import type { FakeError, Reply } from './reply.ts';
import type { Script } from './script.ts';

/** An answer that is ready to be sent. */
export interface Prepared {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** A body of known length goes out as one; the others are chunked. */
  readonly body: Iterable<Piece>;
  readonly chunked: boolean;
  /** What to send where an `error_event` fault ends a stream. */
  readonly errorEvent: string;
  readonly reply: Reply;
}

interface Arrival {
  readonly entry: JournalEntry;
  readonly formats: readonly [WireFormat, ...WireFormat[]];
  readonly apiKey: string;
  readonly script: Script;
}

/** Decides what a request gets: a wrong key and a bad request are refused as the real provider would. */
export function prepare({ entry, formats, apiKey, script }: Arrival): Prepared {
  const { format, endpoint } = locate(entry, formats);
  const refused = (status: number, error: FakeError = {}): Prepared =>
    errorReply(format, entry, { status, error });

  if (endpoint?.open !== true && format.presentedKey(entry.headers) !== apiKey) return refused(401);
  const isForm = entry.headers['content-type']?.startsWith('multipart/') === true;
  if (entry.method === 'POST' && !isForm && !isObject(entry.json) && entry.body.byteLength > 0) {
    return refused(400, { message: 'We could not parse the JSON body of your request.' });
  }
  const reply = script.replyTo(entry);
  if (reply.body !== undefined || isBodiless(reply.status)) return literalReply(format, entry, reply);
  if (reply.status !== undefined && reply.status >= 400) return errorReply(format, entry, reply);
  if (endpoint === undefined) return refused(404);
  try {
    const answer = endpoint.answer(
      {
        number: entry.number,
        path: entry.path,
        headers: entry.headers,
        body: isObject(entry.json) ? entry.json : {},
        bodyBytes: entry.body.byteLength,
      },
      reply,
    );
    return answerReply(format, entry, reply, answer);
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    const { message, parameter } = error;
    return refused(400, parameter === undefined ? { message } : { message, parameter });
  }
}

/**
 * The format and endpoint that a request is for: by its path, then by where it carries its key. Of two that
 * would do, the later one: formats that ask for more than a bearer token stand last.
 */
function locate(
  entry: JournalEntry,
  formats: readonly [WireFormat, ...WireFormat[]],
): { readonly format: WireFormat; readonly endpoint: Endpoint | undefined } {
  const candidates = formats.flatMap((format) => {
    const endpoint = format.endpoints.find(
      ({ method, path }) => method === entry.method && matchesPath(path, entry.path),
    );
    return endpoint === undefined ? [] : [{ format, endpoint }];
  });
  const spoken = (format: WireFormat): boolean => format.presentedKey(entry.headers) !== undefined;
  return (
    candidates.findLast(({ format }) => spoken(format)) ??
    candidates[0] ?? { format: formats.findLast(spoken) ?? formats[0], endpoint: undefined }
  );
}

function answerReply(format: WireFormat, entry: JournalEntry, reply: Reply, answer: Answer): Prepared {
  const stream = answer.kind === 'stream';
  const usual = stream ? 'text/event-stream; charset=utf-8' : 'application/json';
  return {
    ...frame(format, entry, reply, answer.contentType ?? usual),
    body: answer.pieces,
    chunked: stream,
    errorEvent: answer.renderErrorEvent?.(reply.error ?? {}) ?? '',
  };
}

function errorReply(format: WireFormat, entry: JournalEntry, reply: Reply): Prepared {
  const text = format.renderError(reply.status ?? 500, reply.error ?? {});
  return { ...frame(format, entry, reply, 'application/json'), body: [{ text, outputTokens: 0 }] };
}

function literalReply(format: WireFormat, entry: JournalEntry, reply: Reply): Prepared {
  const { body = '' } = reply;
  const literal = typeof body === 'string' || body instanceof Uint8Array;
  const piece: Piece = { text: literal ? body : JSON.stringify(body), outputTokens: 0 };
  return { ...frame(format, entry, reply, literal ? 'text/plain' : 'application/json'), body: [piece] };
}

function frame(
  format: WireFormat,
  entry: JournalEntry,
  reply: Reply,
  contentType: string,
): Omit<Prepared, 'body'> {
  return {
    status: reply.status ?? 200,
    headers: { 'content-type': contentType, ...format.headers(entry.number), ...reply.headers },
    chunked: reply.headers?.['transfer-encoding'] === 'chunked',
    errorEvent: '',
    reply,
  };
}

/** Redirects and the like have no body unless they are given one. */
function isBodiless(status = 200): boolean {
  return status === 204 || (status >= 300 && status < 400);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
