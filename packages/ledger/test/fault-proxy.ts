import { connect as connectTo, createServer, type Socket } from 'node:net';

/** A wire between a program and a server that a test can cut or clog. */
export interface FaultProxy {
  readonly port: number;
  /** Once the server was sent something that contains this text, nothing of its answer comes back, and the wire is cut. */
  readonly loseAnswerTo: (text: string) => void;
  /** Keeps everything back until it is told otherwise, both ways; then every wire is cut. */
  readonly clog: (clogged: boolean) => void;
  /** The next wires end in the packet that says the server is ready: it goes down at that moment. */
  readonly goDownWhenReady: (wires: number) => void;
  readonly close: () => Promise<void>;
}

/** `ReadyForQuery`, outside of a transaction. */
const ready = Buffer.from('Z\0\0\0\x05I', 'latin1');
/** What Postgres says to whoever is connected when it is killed. */
const goingDown = errorResponse({ S: 'FATAL', V: 'FATAL', C: '57P01', M: 'unexpected postmaster exit' });

function errorResponse(fields: Readonly<Record<string, string>>): Buffer {
  const body = Object.entries(fields).map(([field, value]) => `${field}${value}\0`);
  const text = Buffer.from(`${body.join('')}\0`, 'latin1');
  const head = Buffer.from('E\0\0\0\0', 'latin1');
  head.writeInt32BE(text.length + 4, 1);
  return Buffer.concat([head, text]);
}

export async function startFaultProxy(target: {
  readonly host: string;
  readonly port: number;
}): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  let losing: string | undefined;
  let clogged = false;
  let goDown = 0;

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
      if (goDown > 0 && bytes.includes(ready)) {
        goDown -= 1;
        client.end(Buffer.concat([bytes, goingDown]));
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
    goDownWhenReady: (wires) => {
      goDown = wires;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
