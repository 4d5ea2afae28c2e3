import type { IncomingHttpHeaders } from 'node:http';
import type { FakeRequest } from './reply.ts';

/** Everything about one request that reached the fake upstream, kept up to date while it is answered. */
export interface JournalEntry extends FakeRequest {
  /** Counted from 1 in the order in which request heads arrived. */
  readonly number: number;
  /** As it stood on the request line, query included. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** The body's bytes, exactly. */
  readonly body: Buffer;
  /** The status that went out; absent while none has. */
  readonly status: number | undefined;
  /** Pieces of the body handed to the socket: events of a stream, or 1 for a whole JSON body. */
  readonly pieces: number;
  /** Output tokens that the pieces so far are worth: what a provider would bill. */
  readonly outputTokens: number;
  /** How it stands; `client_aborted` and `broken` are ends that left the answer incomplete. */
  readonly state: 'receiving' | 'held' | 'answering' | 'answered' | 'client_aborted' | 'broken';
  /** Resolves when nothing more will happen to this request. */
  readonly ended: Promise<void>;
}

/** A journal entry as the server that writes it sees it. */
export type OpenEntry = { -readonly [Field in keyof JournalEntry]: JournalEntry[Field] } & {
  /** Ends the entry; the first call counts. */
  end(state: 'answered' | 'client_aborted' | 'broken'): void;
};

/** Begins an entry at the moment a request's head arrived. */
export function openEntry(
  number: number,
  method: string,
  url: string,
  headers: IncomingHttpHeaders,
): OpenEntry {
  const { promise, resolve } = Promise.withResolvers<void>();
  const query = url.indexOf('?');
  let parsed: { readonly value: unknown } | undefined;
  return {
    number,
    method,
    url,
    path: query === -1 ? url : url.slice(0, query),
    headers,
    body: Buffer.alloc(0),
    get json(): unknown {
      parsed ??= { value: parseJson(this.body) };
      return parsed.value;
    },
    status: undefined,
    pieces: 0,
    outputTokens: 0,
    state: 'receiving',
    ended: promise,
    end(state) {
      if (this.state !== 'answered' && this.state !== 'client_aborted' && this.state !== 'broken') {
        this.state = state;
      }
      resolve();
    },
  };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
