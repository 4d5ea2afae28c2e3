// Runs the steps of the Dockerfile's build stage in an empty folder, without a container engine, and copies
// what the last stage copies. Needs the npm registry. Usage: npm run proof:image -- [folder]
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, matchesGlob } from 'node:path';
import { readDockerfile, repository, type Stage } from '../test/dockerfile.ts';

const root = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'genops-image-'));
const [build, last] = readDockerfile() as [Stage, Stage];

let folder = root;
for (const { keyword, value } of build.steps) {
  if (keyword === 'WORKDIR') {
    folder = join(root, value);
    mkdirSync(folder, { recursive: true });
  } else if (keyword === 'COPY' && value === '. .') copyContext(folder);
  else if (keyword === 'RUN') run(value);
  else if (keyword !== 'ENV') throw new Error(`${keyword} ${value} cannot be done here`);
}
for (const { keyword, value } of last.steps) {
  const copied = keyword === 'COPY' ? /^--from=build (\S+) (\S+)$/.exec(value) : null;
  if (copied?.[1] !== undefined && copied[2] !== undefined)
    cpSync(join(root, copied[1]), join(root, copied[2]), { recursive: true, verbatimSymlinks: true });
}
console.log(root);

function run(command: string): void {
  console.log(`RUN ${command}`);
  const started = performance.now();
  const { status } = spawnSync('sh', ['-ec', command], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], CI: 'true' },
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
  console.log(`  ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** What git knows, less what .dockerignore leaves out. */
function copyContext(to: string): void {
  const ignored = readFileSync(join(repository, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const known = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: repository,
    encoding: 'utf8',
  });
  for (const file of known.split('\0')) {
    if (file === '' || !existsSync(join(repository, file))) continue;
    if (ignored.some((glob) => matchesGlob(file, glob) || matchesGlob(file, `${glob}/**`))) continue;
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(join(repository, file), join(to, file));
  }
}
