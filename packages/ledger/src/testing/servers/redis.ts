import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, givenServer, installPackage, restartableProcess, type StartedServer } from './process.ts';

const environmentName = 'GENOPS_TEST_REDIS_URL';

/** Whether the server keeps what it has over a restart, and whether it is a node of a cluster. */
export interface RedisOptions {
  /** @default false */
  readonly cluster?: boolean;
}

/**
 * A real Redis on a free port, with nothing in it and nothing kept over a restart: the one that
 * `GENOPS_TEST_REDIS_URL` names, else one started from this machine's binaries, else one that is installed first.
 */
export async function startRedis({ cluster = false }: RedisOptions = {}): Promise<StartedServer> {
  const given = process.env[environmentName];
  if (given !== undefined && !cluster)
    return { result: 'started', server: givenServer(environmentName, given) };
  if (findBinary() === undefined) {
    const reason = installPackage('redis-server');
    if (findBinary() === undefined)
      return { result: 'unavailable', reason: reason ?? 'redis-server has no binary' };
  }
  return startFrom(findBinary() ?? 'redis-server', cluster);
}

function findBinary(): string | undefined {
  return ['redis-server', 'valkey-server'].find(
    (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
  );
}

async function startFrom(binary: string, cluster: boolean): Promise<StartedServer> {
  const folder = mkdtempSync(join(tmpdir(), 'genops-redis-'));
  const port = await freePort();
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ];
  const server = restartableProcess(
    binary,
    [...args, ...(cluster ? ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'] : [])],
    {
      cwd: folder,
      answers: async () => {
        await answers(port, 'PING', '+PONG');
        if (!cluster) return;
        await answers(port, 'CLUSTER ADDSLOTSRANGE 0 16383', '+OK').catch(() => {});
        await answers(port, 'CLUSTER INFO', 'cluster_state:ok');
      },
    },
  );

  await server.start();
  return {
    result: 'started',
    server: {
      url: `redis://127.0.0.1:${port}`,
      kill: () => server.end('SIGKILL'),
      restart: server.start,
      stop: async () => {
        await server.end('SIGKILL');
        rmSync(folder, { recursive: true, force: true });
      },
    },
  };
}

function answers(port: number, command: string, expected: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', reject);
    socket.once('connect', () => socket.write(`${command}\r\n`));
    socket.once('data', (bytes) => {
      socket.destroy();
      if (bytes.toString('utf8').includes(expected)) resolve();
      else reject(new Error(`Redis answered ${bytes.toString('utf8')}`));
    });
    socket.once('close', () => reject(new Error('Redis closed the connection')));
  });
}
