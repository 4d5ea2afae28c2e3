import { request as requestUpstream } from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { connect, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { listen } from './listen.ts';

/** A second address of an upstream, at which it speaks HTTP/2 without TLS as well as HTTP/1.1. */
export interface Http2Front {
  readonly url: string;
  /** Requests that came by HTTP/2. */
  readonly streams: number;
  close(): Promise<void>;
}

/** What a client begins with that speaks HTTP/2 and asks nobody first. */
const preface = Buffer.from('PRI * HTTP/2.0');

/** Puts an HTTP/2 server in front of an upstream that has none. Whoever goes away is gone behind it too. */
export async function startHttp2Front(upstreamUrl: string): Promise<Http2Front> {
  const upstream = new URL(upstreamUrl);
  const sockets = new Set<Socket>();
  let streams = 0;
  const http2 = createHttp2Server((request, response) => {
    streams += 1;
    forward(upstream, request, response);
  });
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.once('data', (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      if (first.subarray(0, preface.length).equals(preface)) {
        http2.emit('connection', socket);
        return;
      }
      const behind = connect(Number(upstream.port), upstream.hostname);
      pipeline(socket, behind, socket, () => {
        socket.destroy();
        behind.destroy();
      });
    });
  });
  const port = await listen(server, 0);
  return {
    url: `http://127.0.0.1:${port}`,
    get streams() {
      return streams;
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function forward(upstream: URL, request: Http2ServerRequest, response: Http2ServerResponse): void {
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => !name.startsWith(':')),
  );
  const behind = requestUpstream(
    new URL(request.url, upstream),
    { method: request.method, headers: { ...headers, host: request.authority } },
    (answer) => {
      const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...kept } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, kept);
      pipeline(answer, response, () => {});
    },
  );
  behind.on('error', () => response.stream?.close());
  response.on('close', () => behind.destroy());
  request.pipe(behind);
}
