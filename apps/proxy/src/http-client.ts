import type { ServerResponse } from 'node:http';
import type { Client } from '@genops/governor';

/** A caller that waits at the other end of an HTTP response. */
export function createHttpClient(response: ServerResponse): Client {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return {
    gone: gone.signal,
    head: (status, headers) => {
      response.writeHead(status, headers);
    },
    write: (chunk) => response.write(chunk),
    onDrained: (resume) => {
      response.on('drain', resume);
    },
    end: () => {
      response.end();
    },
  };
}
