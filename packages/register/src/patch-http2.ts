import http2, { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2';
import { syncBuiltinESMExports } from 'node:module';
import { addAbortSignal } from 'node:stream';

type Connect = typeof http2.connect;

/** A request on a session of the program. */
export interface Http2Request {
  readonly method: string;
  readonly url: string;
  /** Lower-case names, without those that begin with a colon. */
  readonly headers: Readonly<Record<string, string>>;
  /** As the session itself makes requests. */
  readonly request: ClientHttp2Session['request'];
}

/** An HTTP/2 client that was replaced. */
export interface Http2Patch {
  /** Puts back what was there; sessions that are open make their requests as they came from then on. */
  undo(): void;
}

/**
 * Replaces `connect` of `node:http2`. Sessions are opened as they were; of each request that is made on one,
 * it is asked who answers it.
 *
 * @param answer - gives the stream that the program gets; `undefined` lets the request pass as it came
 */
export function patchHttp2(answer: (request: Http2Request) => ClientHttp2Stream | undefined): Http2Patch {
  const exported = http2 as { connect: Connect };
  const original = exported.connect;
  let undone = false;
  const replace = (connect: Connect): void => {
    exported.connect = connect;
    syncBuiltinESMExports();
  };
  const connect = (...call: Parameters<Connect>): ClientHttp2Session => {
    const session = original(...call);
    const request = session.request.bind(session);
    const { origin } = new URL(call[0]);
    session.request = (headers = {}, options) => {
      const asked = read(origin, headers);
      const stream = undone ? undefined : answer({ ...asked, request });
      if (stream === undefined) return request(headers, options);
      if (options?.signal) addAbortSignal(options.signal, stream);
      if (options?.endStream ?? withoutBody.has(asked.method)) stream.end();
      return stream;
    };
    return session;
  };
  replace(connect as Connect);
  return {
    undo: () => {
      undone = true;
      if (exported.connect === connect) replace(original);
    },
  };
}

/** Requests by these methods end with their headers unless somebody says otherwise. */
const withoutBody = new Set(['GET', 'HEAD', 'DELETE']);

function read(
  origin: string,
  headers: OutgoingHttpHeaders | readonly string[],
): Omit<Http2Request, 'request'> {
  const members = Array.isArray(headers) ? pairs(headers) : Object.entries(headers);
  const plain = Object.fromEntries(
    members
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name.toLowerCase(), [value].flat().join(', ')]),
  );
  const { ':method': method = 'GET', ':path': path = '/', ...others } = plain;
  const own = Object.entries(others).filter(([name]) => !name.startsWith(':'));
  return { method, url: origin + path, headers: Object.fromEntries(own) };
}

/** Newer versions of Node take headers as one list of names and values. */
function pairs(list: readonly string[]): readonly (readonly [string, string | undefined])[] {
  return list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]] as const] : []));
}
