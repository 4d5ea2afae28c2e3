import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';

/** A server that a test may stop, kill and start again. */
export interface TestServer {
  readonly url: string;
  /** Ends it at once, as a crash does. */
  readonly kill: () => Promise<void>;
  /** Starts it again on what it left behind. */
  readonly restart: () => Promise<void>;
  /** Ends it and removes what it left behind. */
  readonly stop: () => Promise<void>;
}

export type StartedServer =
  | { readonly result: 'started'; readonly server: TestServer }
  | { readonly result: 'unavailable'; readonly reason: string };

/** A port on which nobody listens right now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Tries until it works, for as long as it may take. */
export async function eventually(attempt: () => Promise<void>, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

/** One process that is started, and started again, until it answers. */
export interface RestartableProcess {
  readonly start: () => Promise<void>;
  readonly end: (signal: NodeJS.Signals) => Promise<void>;
}

/** @param answers - rejects while the process does not answer yet */
export function restartableProcess(
  command: string,
  args: readonly string[],
  { cwd, answers }: { readonly cwd: string; readonly answers: () => Promise<void> },
): RestartableProcess {
  let child: ChildProcess | undefined;
  process.once('exit', () => child?.kill('SIGKILL'));
  return {
    start: () =>
      eventually(async () => {
        // After a crash, a first attempt may find what the crash left and give up.
        if (child === undefined || child.exitCode !== null)
          child = spawn(command, args, { cwd, stdio: 'ignore' });
        await answers();
      }, 30_000),
    end: async (signal) => {
      if (child === undefined) return;
      child.kill(signal);
      await ended(child);
      child = undefined;
    },
  };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** Debian's package, when this machine may install it. @returns why not, else `undefined` */
export function installPackage(name: string): string | undefined {
  if (process.getuid?.() !== 0) return `${name} is not installed, and only root may install it`;
  // Run level 1 keeps the package from starting a server of its own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const wait = ['-o', 'DPkg::Lock::Timeout=300'];
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', name],
  ]) {
    const { status, error, stderr } = spawnSync('apt-get', [...wait, ...args], { env, encoding: 'utf8' });
    if (status !== 0)
      return `${name} could not be installed: ${error?.message ?? stderr.trim().split('\n').at(-1)}`;
  }
  return undefined;
}

/** Somebody else's server is not ours to stop. */
export function givenServer(environmentName: string, url: string): TestServer {
  const refuse = async (): Promise<void> => {
    throw new Error(`The server that ${environmentName} names is not stopped by tests`);
  };
  return { url, kill: refuse, restart: refuse, stop: async () => {} };
}
