import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, givenServer, installPackage, restartableProcess, type StartedServer } from './process.ts';

const environmentName = 'GENOPS_TEST_POSTGRES_URL';
const debianFolder = '/usr/lib/postgresql';

export interface PostgresOptions {
  /**
   * Whether commits wait for the disk, as they do in earnest.
   *
   * @default false
   */
  readonly keepsOnPowerLoss?: boolean;
  /**
   * Whether it has to be one that tests may kill, whatever the environment names.
   *
   * @default false
   */
  readonly ownOnly?: boolean;
}

/**
 * A real Postgres on a free port, with nothing in it: the one that `GENOPS_TEST_POSTGRES_URL` names, else one
 * started from this machine's binaries, else one that is installed first.
 */
export async function startPostgres({
  keepsOnPowerLoss = false,
  ownOnly = false,
}: PostgresOptions = {}): Promise<StartedServer> {
  const given = process.env[environmentName];
  if (given !== undefined && !ownOnly)
    return { result: 'started', server: givenServer(environmentName, given) };
  let binaries = findBinaries();
  if (binaries === undefined) {
    const reason = installPackage('postgresql');
    binaries = findBinaries();
    if (binaries === undefined)
      return { result: 'unavailable', reason: reason ?? 'postgresql has no binaries' };
  }
  return startFrom(binaries, keepsOnPowerLoss);
}

function findBinaries(): string | undefined {
  if (!existsSync(debianFolder)) return undefined;
  const newest = readdirSync(debianFolder).sort((left, right) => Number(right) - Number(left));
  return newest
    .map((version) => join(debianFolder, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'initdb')));
}

async function startFrom(binaries: string, keepsOnPowerLoss: boolean): Promise<StartedServer> {
  const folder = mkdtempSync(join(tmpdir(), 'genops-postgres-'));
  const port = await freePort();
  const data = join(folder, 'data');
  // Postgres refuses to run as root; Debian's package comes with a user for it.
  const owner = process.getuid?.() === 0 ? userOf('postgres') : undefined;
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  const as = (command: string, args: readonly string[]): [string, readonly string[]] =>
    owner === undefined
      ? [command, args]
      : [
          'setpriv',
          [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups', '--', command, ...args],
        ];

  const made = spawnSync(
    ...as(join(binaries, 'initdb'), [
      '-D',
      data,
      '-U',
      'genops',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C',
      '-N',
    ]),
    { cwd: folder, encoding: 'utf8' },
  );
  if (made.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    return { result: 'unavailable', reason: `initdb failed: ${made.error?.message ?? made.stderr}` };
  }

  const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, 'max_connections=100'];
  // Without syncing, only a crash of the machine loses anything, not one of the server.
  const sync = keepsOnPowerLoss ? [] : ['-F'];
  const args = ['-D', data, '-p', String(port), ...sync, ...settings.flatMap((setting) => ['-c', setting])];
  const server = restartableProcess(...as(join(binaries, 'postgres'), args), {
    cwd: folder,
    answers: () => acceptsConnections(port),
  });

  await server.start();
  return {
    result: 'started',
    server: {
      url: `postgres://genops@127.0.0.1:${port}/postgres`,
      kill: () => server.end('SIGKILL'),
      restart: server.start,
      stop: async () => {
        await server.end('SIGQUIT');
        rmSync(folder, { recursive: true, force: true });
      },
    },
  };
}

function userOf(name: string): { readonly uid: number; readonly gid: number } | undefined {
  const ids = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }));
  if (ids.some(({ status }) => status !== 0)) return undefined;
  const [uid, gid] = ids.map(({ stdout }) => Number(stdout));
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

/** The server lets somebody in, which it does not while it is starting. */
function acceptsConnections(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', reject);
    socket.once('connect', () => socket.write(startupMessage('user', 'genops', 'database', 'postgres')));
    socket.once('data', (bytes) => {
      socket.destroy();
      // "R" asks for authentication, "E" is an error.
      if (bytes[0] === 'R'.charCodeAt(0)) resolve();
      else reject(new Error(`Postgres answered ${bytes.toString('latin1')}`));
    });
    socket.once('close', () => reject(new Error('Postgres closed the connection')));
  });
}

function startupMessage(...parameters: readonly string[]): Buffer {
  const body = Buffer.from(`${parameters.join('\0')}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + body.length, 0);
  head.writeInt32BE(196_608, 4);
  return Buffer.concat([head, body]);
}
