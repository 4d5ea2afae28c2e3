// The yardstick: a pass-through that does nothing but pass through, with the same parts as the proxy.
// Usage: node bare.ts <upstream>; prints its address.

import { createServer } from 'node:http';
import { Pool } from 'undici';

const upstream = new Pool(process.argv[2] ?? '', { connections: 256 });

/** Headers that belong to one connection and are set anew for the next. */
const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host', 'expect']);

const server = createServer((request, response) => {
  const { url = '/', method = 'GET' } = request;
  const headers: Record<string, string | string[]> = {};
  for (const name in request.headers) {
    const value = request.headers[name];
    if (value !== undefined && !hopByHop.has(name)) headers[name] = value;
  }
  upstream.request({ path: url, method: method as 'POST', headers, body: request }).then(
    (answer) => {
      const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...passed } = answer.headers;
      response.writeHead(answer.statusCode, passed as Record<string, string | string[]>);
      // Whoever leaves early must not keep a connection of the pool.
      const discard = (): unknown => answer.body.resume();
      if (response.destroyed) discard();
      else answer.body.on('error', () => response.destroy()).pipe(response.once('close', discard));
    },
    () => response.writeHead(502).end(),
  );
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null)
    process.stdout.write(`http://127.0.0.1:${address.port}\n`);
});
