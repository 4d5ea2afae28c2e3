import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A server in a process of its own. */
export interface Running {
  /** Without a path. */
  readonly url: string;
  /** CPU time that the process has used so far; `undefined` where the system does not tell. */
  cpuUs(): number | undefined;
  stop(): Promise<void>;
}

/** Which cores a process may use: the subject has the first for itself, everybody else shares the others. */
export type Place = 'subject' | 'others';

/** Of util-linux. */
const pinner = 'taskset';

/** True when processes can be kept apart, so that load and upstream do not take time from the subject. */
export const pinned = availableParallelism() > 1 && spawnSync(pinner, ['--version']).status === 0;

/** Starts a Node program. */
export function start(
  place: Place,
  program: URL,
  args: readonly string[] = [],
  options: { readonly env?: Readonly<Record<string, string>>; readonly ipc?: boolean } = {},
): ChildProcess {
  const { env = {}, ipc = false } = options;
  const cores = place === 'subject' ? '0' : `1-${availableParallelism() - 1}`;
  const command = pinned ? [pinner, '-c', cores, process.execPath] : [process.execPath];
  const [file = '', ...before] = command;
  const child = spawn(file, [...before, ...process.execArgv, fileURLToPath(program), ...args], {
    env: { ...process.env, ...env },
    stdio: ipc ? ['ignore', 'inherit', 'inherit', 'ipc'] : ['ignore', 'pipe', 'inherit'],
  });
  process.once('exit', () => child.kill());
  return child;
}

/** Starts a server and waits until it prints its address. @throws when it ends before that */
export async function startServer(
  place: Place,
  program: URL,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const child = start(place, program, args, { env });
  if (child.stdout === null || child.pid === undefined) throw new Error(`Cannot start ${program.pathname}`);
  const { pid, stdout } = child;
  let url: string | undefined;
  for await (const line of createInterface(stdout)) {
    url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url !== undefined) break;
  }
  if (url === undefined) throw new Error(`${program.pathname} ended before it printed an address`);
  // Nobody reads on; a full pipe would make the server wait.
  stdout.resume();
  return {
    url,
    cpuUs: () => cpuUs(pid),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** Linux counts in hundredths of a second, user and system apart, from the field after the program's name. */
function cpuUs(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return undefined;
  }
}
