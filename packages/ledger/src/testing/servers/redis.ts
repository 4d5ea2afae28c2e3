import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  eventually,
  freePort,
  givenServer,
  installPackage,
  type RestartableProcess,
  restartableProcess,
  type StartedServer,
} from './process.ts';

const environmentName = 'GENOPS_TEST_REDIS_URL';

export interface RedisOptions {
  /**
   * Whether it is a cluster of three nodes, of which the address names one.
   *
   * @default false
   */
  readonly cluster?: boolean;
  /**
   * Whether it has to be one that tests may kill, whatever the environment names.
   *
   * @default false
   */
  readonly ownOnly?: boolean;
  /** Settings of a server of one's own, over those of every test server. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * A real Redis on a free port, with nothing in it and nothing kept over a restart: the one that
 * `GENOPS_TEST_REDIS_URL` names, else one started from this machine's binaries, else one that is installed first.
 */
export async function startRedis({
  cluster = false,
  settings = {},
  ownOnly = Object.keys(settings).length > 0,
}: RedisOptions = {}): Promise<StartedServer> {
  const given = process.env[environmentName];
  if (given !== undefined && !cluster && !ownOnly)
    return { result: 'started', server: givenServer(environmentName, given) };
  if (findBinary() === undefined) {
    const reason = installPackage('redis-server');
    if (findBinary() === undefined)
      return { result: 'unavailable', reason: reason ?? 'redis-server has no binary' };
  }
  return startFrom(findBinary() ?? 'redis-server', cluster, settings);
}

function findBinary(): string | undefined {
  return ['redis-server', 'valkey-server'].find(
    (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
  );
}

async function startFrom(
  binary: string,
  cluster: boolean,
  settings: Readonly<Record<string, string>>,
): Promise<StartedServer> {
  const folder = mkdtempSync(join(tmpdir(), 'genops-redis-'));
  const nodes = await Promise.all(
    Array.from({ length: cluster ? clusterNodes : 1 }, (_, index) =>
      startNode(binary, join(folder, String(index)), cluster, settings),
    ),
  );
  if (cluster) await joinNodes(nodes.map(({ port }) => port));
  const [{ port } = { port: 0 }] = nodes;
  const all = async (action: (node: Node) => Promise<void>): Promise<void> => {
    await Promise.all(nodes.map(action));
  };
  return {
    result: 'started',
    server: {
      url: `redis://127.0.0.1:${port}`,
      kill: () => all(({ process }) => process.end('SIGKILL')),
      restart: async () => {
        await all(({ process }) => process.start());
        if (cluster) await joinNodes(nodes.map((node) => node.port));
      },
      stop: async () => {
        await all(({ process }) => process.end('SIGKILL'));
        rmSync(folder, { recursive: true, force: true });
      },
    },
  };
}

interface Node {
  readonly port: number;
  readonly process: RestartableProcess;
}

async function startNode(
  binary: string,
  folder: string,
  cluster: boolean,
  more: Readonly<Record<string, string>>,
): Promise<Node> {
  mkdirSync(folder);
  const [port, clusterPort] = [await freePort(), await freePort()];
  const settings: Readonly<Record<string, string>> = {
    port: String(port),
    bind: '127.0.0.1',
    save: '',
    appendonly: 'no',
    dir: folder,
    ...(cluster && {
      'cluster-enabled': 'yes',
      'cluster-port': String(clusterPort),
      'cluster-announce-ip': '127.0.0.1',
    }),
    ...more,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const process = restartableProcess(binary, args, {
    cwd: folder,
    answers: () => answers(port, 'PING', '+PONG'),
  });
  await process.start();
  return { port, process };
}

/** Each node serves a third of the slots. */
const clusterNodes = 3;
const slots = 16_384;

/** Makes one cluster of the nodes; a cluster that they are already stays as it is. */
async function joinNodes(ports: readonly number[]): Promise<void> {
  const [first = 0] = ports;
  for (const [index, port] of ports.entries()) {
    const [from, until] = [index, index + 1].map((part) => Math.ceil((part * slots) / ports.length));
    await answers(port, `CLUSTER ADDSLOTSRANGE ${from} ${(until ?? slots) - 1}`, '+OK').catch(() => {});
    const clusterPort = (await ask(port, 'CONFIG GET cluster-port')).match(/\r\n(\d+)\r\n$/)?.[1];
    if (port !== first) await answers(first, `CLUSTER MEET 127.0.0.1 ${port} ${clusterPort}`, '+OK');
  }
  await eventually(async () => {
    for (const port of ports) {
      await answers(port, 'CLUSTER INFO', 'cluster_state:ok');
      await answers(port, 'CLUSTER INFO', `cluster_size:${ports.length}`);
    }
  }, 30_000);
}

async function answers(port: number, command: string, expected: string): Promise<void> {
  const answer = await ask(port, command);
  if (!answer.includes(expected)) throw new Error(`Redis answered ${answer}`);
}

/** What a server says to one command. */
function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', reject);
    socket.once('connect', () => socket.write(`${command}\r\n`));
    socket.once('data', (bytes) => {
      socket.destroy();
      resolve(bytes.toString('utf8'));
    });
    socket.once('close', () => reject(new Error('Redis closed the connection')));
  });
}
