// `npm start -- …`: installs and builds what changed, then runs the proxy with the arguments given.

import { spawnSync } from 'node:child_process';
import { install, root, run, toolEnvironment } from './bootstrap.mjs';

install();

const build = spawnSync(
  'turbo',
  ['run', 'build', '--filter=@genops/proxy...', '--filter=@genops/cli...', '--output-logs=errors-only'],
  {
    cwd: root,
    env: toolEnvironment(),
    encoding: 'utf8',
  },
);
if (build.status !== 0) {
  console.error(`${build.stdout ?? ''}${build.stderr ?? ''}`);
  console.error('The proxy could not be built. The reason is above.');
  process.exit(1);
}

process.exitCode = await run('node', ['apps/proxy/dist/main.js', ...process.argv.slice(2)]);
