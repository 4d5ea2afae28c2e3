import type { ClientHttp2Stream } from 'node:http2';
import type { Directory, Governor } from '@genops/governor';
import { createHttp2Caller } from './http2-caller.ts';
import { http2Transport } from './http2-transport.ts';
import type { Http2Request } from './patch-http2.ts';
import type { Settings } from './settings.ts';

/** What governs requests by HTTP/2. */
export interface Http2Governance {
  readonly directory: Directory;
  readonly governor: Pick<Governor, 'fetch' | 'govern'>;
  readonly onUnknownRoute: Settings['onUnknownRoute'];
}

/**
 * Sends calls that have a price along the line, on the session where they came from; the rest passes, unless
 * what has none is to be refused.
 */
export function governHttp2(
  { directory, governor, onUnknownRoute }: Http2Governance,
  { method, url, headers, request }: Http2Request,
): ClientHttp2Stream | undefined {
  const found = directory.find(method, url);
  switch (found.result) {
    case 'metered': {
      const target = { provider: found.provider, route: found.route };
      const { dialect } = found.route;
      return createHttp2Caller(async (body, client) =>
        governor.govern(
          { method, path: found.path, headers, body: await body, dialect, targetsFor: () => [target] },
          http2Transport(request),
          client,
        ),
      );
    }
    case 'refused':
    case 'unknown_route':
      if (onUnknownRoute === 'pass') return undefined;
      return createHttp2Caller(async (_body, client) => {
        const refusal = await governor.fetch(url, { method });
        client.head(refusal.status, Object.fromEntries(refusal.headers));
        client.write(Buffer.from(await refusal.text()));
        client.end();
      });
    default:
      return undefined;
  }
}
