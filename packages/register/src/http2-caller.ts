import type { ClientHttp2Stream } from 'node:http2';
import { Duplex } from 'node:stream';
import type { Client } from '@genops/governor';

/**
 * What a program gets in place of a stream of its session: what it writes is the request, what it reads is the
 * answer, and when it closes it, the caller is gone.
 *
 * @param answer - is given the body, which comes when it is written; what it rejects with ends the stream
 */
export function createHttp2Caller(
  answer: (body: Promise<Uint8Array>, client: Client) => Promise<unknown>,
): ClientHttp2Stream {
  const written: Uint8Array[] = [];
  const body = Promise.withResolvers<Uint8Array>();
  const gone = new AbortController();
  let ended = false;
  let resume = (): void => {};
  let silence: NodeJS.Timeout | undefined;
  const stream = new Duplex({
    write: (chunk: Uint8Array, _encoding, done) => {
      written.push(chunk);
      done();
    },
    final: (done) => {
      body.resolve(Buffer.concat(written));
      done();
    },
    read: () => resume(),
    destroy: (error, done) => {
      clearTimeout(silence);
      if (!ended) gone.abort();
      done(error);
    },
  });
  const client: Client = {
    gone: gone.signal,
    head: (status, headers) => {
      silence?.refresh();
      stream.emit('response', { ':status': status, ...headers }, 0);
    },
    write: (chunk) => {
      silence?.refresh();
      return stream.push(chunk);
    },
    onDrained: (callback) => {
      resume = callback;
    },
    end: () => {
      ended = true;
      stream.push(null);
    },
  };
  answer(body.promise, client).catch((error: Error) => stream.destroy(error));
  return Object.assign(stream, {
    rstCode: 0,
    close: (_code?: number, callback?: () => void) => {
      if (callback !== undefined) stream.once('close', callback);
      stream.destroy();
    },
    setTimeout: (ms: number, callback?: () => void) => {
      clearTimeout(silence);
      if (callback !== undefined) stream.once('timeout', callback);
      silence = ms === 0 ? undefined : setTimeout(() => stream.emit('timeout'), ms).unref();
      return stream;
    },
  }) as unknown as ClientHttp2Stream;
}
