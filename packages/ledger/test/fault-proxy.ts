import { connect as connectTo, createServer, type Socket } from 'node:net';

/** A wire between a program and a server that a test can cut or clog. */
export interface FaultProxy {
  readonly port: number;
  /** Once the server was sent something that contains this text, nothing of its answer comes back, and the wire is cut. */
  readonly loseAnswerTo: (text: string) => void;
  /** Keeps everything back until it is told otherwise, both ways; then every wire is cut. */
  readonly clog: (clogged: boolean) => void;
  readonly close: () => Promise<void>;
}

export async function startFaultProxy(target: {
  readonly host: string;
  readonly port: number;
}): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  let losing: string | undefined;
  let clogged = false;

  const server = createServer((client) => {
    const upstream = connectTo(target);
    let lost = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
        sockets.delete(socket);
      });
    }
    client.on('data', (bytes) => {
      if (losing !== undefined && bytes.includes(losing)) {
        losing = undefined;
        lost = true;
      }
      if (!clogged) upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (lost) {
        // What was asked has been done; nobody will hear of it.
        client.destroy();
        return;
      }
      if (!clogged) client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    loseAnswerTo: (text) => {
      losing = text;
    },
    clog: (state) => {
      clogged = state;
      if (!state) for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
