import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendError } from '../send.ts';

/**
 * Reads a request's body.
 *
 * @returns undefined when it is too large, which is answered then; what its length header claims is not believed
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const body = await collect(request, maxBytes);
  if (body === undefined) {
    response.setHeader('connection', 'close');
    const message = `The request is larger than ${maxBytes} bytes`;
    sendError(response, 413, 'invalid_request_error', 'request_too_large', message);
  }
  return body;
}

function collect(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) {
        request.removeAllListeners('data');
        request.resume();
        resolve(undefined);
        return;
      }
      chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.on('error', reject);
  });
}
