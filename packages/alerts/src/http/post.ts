import { type IncomingHttpHeaders, request as requestInClear } from 'node:http';
import { request as requestOverTls } from 'node:https';
import type { AddressGuard } from './address-guard.ts';

export interface PostOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
  readonly guard: AddressGuard;
}

export interface PostAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Its beginning. */
  readonly body: string;
}

const readBytes = 1_024;

/**
 * Posts once, to an address that the guard has checked, on a connection of its own. Redirects are not followed.
 *
 * @throws {DeliveryError} when the guard refuses; any error of the connection
 */
export async function post({ url, headers, body, signal, guard }: PostOptions): Promise<PostAnswer> {
  guard.checkUrl(url);
  const request = url.protocol === 'https:' ? requestOverTls : requestInClear;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method: 'POST',
      agent: false,
      lookup: guard.lookupFor(url),
      signal,
      headers: { ...headers, 'content-length': Buffer.byteLength(body).toString(), connection: 'close' },
    });
    outgoing.on('error', reject);
    outgoing.on('response', (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const done = (): void => {
        const text = Buffer.concat(chunks).subarray(0, readBytes).toString('utf8');
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text });
      };
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        // What a receiver says at length is of no interest.
        if (bytes >= readBytes) {
          done();
          outgoing.destroy();
        }
      });
      answer.on('end', done);
      answer.on('error', reject);
    });
    outgoing.end(body);
  });
}
