// Installs what pnpm-lock.yaml says, unless it is there already, then runs the command given as arguments.
// Needs nothing but Node 20 and npm: it is the first thing that runs on a fresh clone.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const modules = join(root, 'node_modules');
const stamp = join(modules, '.bootstrap');

/** The folders of all packages, relative to the root. The same places as in pnpm-workspace.yaml. */
export function packageFolders() {
  return ['packages', 'packages/adapters', 'apps', 'examples']
    .filter((parent) => existsSync(join(root, parent)))
    .flatMap((parent) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}`))
    .concat('deploy')
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .sort();
}

/** Makes node_modules match the lockfile. Costs a few milliseconds when it already does. */
export function install() {
  const wanted = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;

  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  console.error(`Installing dependencies with ${packageManager} …`);
  // NODE_ENV=production would leave out the tools that build and test.
  const { NODE_ENV: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(
    'npx',
    ['--yes', packageManager, 'install', '--frozen-lockfile'],
    { cwd: root, env: { ...env, CI: 'true' }, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (status !== 0) {
    console.error(`${stdout ?? ''}${stderr ?? ''}`);
    console.error(
      'Dependencies could not be installed. The reason is above; the npm registry must be reachable.',
    );
    console.error(`After editing a package.json, run: npx ${packageManager} install`);
    process.exit(1);
  }
  mkdirSync(modules, { recursive: true });
  writeFileSync(stamp, wanted);
}

/**
 * Runs a command with the workspace's tools first on PATH, and passes signals on.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<number>} its exit code; 128 + n when signal n ended it
 */
export function run(command, args) {
  const child = spawn(command, args, { cwd: root, env: toolEnvironment(), stdio: 'inherit' });

  // A terminal sends Ctrl-C to the child as well; a second one from here would mean "stop at once".
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    if (signal === 'SIGTERM' || !process.stdin.isTTY) child.kill(signal);
  };
  process.on('SIGINT', forward);
  process.on('SIGTERM', forward);

  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('SIGINT', forward);
      process.off('SIGTERM', forward);
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}

/** The environment in which `node`, `pnpm` and `turbo` are the workspace's own, and none of them phones home. */
export function toolEnvironment() {
  return {
    ...process.env,
    PATH: [join(modules, '.bin'), process.env['PATH']].join(delimiter),
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
  };
}

function fingerprint() {
  const hash = createHash('sha256');
  const manifests = packageFolders().map((folder) => `${folder}/package.json`);
  for (const file of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests]) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  }
  return `${process.platform}-${process.arch} ${hash.digest('hex')}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  install();
  const [command, ...args] = process.argv.slice(2);
  if (command) process.exitCode = await run(command, args);
}
