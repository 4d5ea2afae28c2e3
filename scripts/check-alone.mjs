// Installs each adapter's packed tarball, with those of the workspace packages it depends on, into an empty
// project of its own and imports it there, then adds the governor and makes one call through both. Prints what the
// adapter takes on disk and what the call cost. Needs the packages built, and the npm registry for what is not ours.
//
//   node scripts/check-alone.mjs [folder …]     every adapter, or these: packages/adapters/openai

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { aloneCallOf, programOf } from './alone-calls.mjs';
import { packageFolders, root, toolEnvironment } from './bootstrap.mjs';

const env = toolEnvironment();
const manifests = new Map(
  packageFolders().map((folder) => {
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    return [manifest.name, { folder, manifest }];
  }),
);
const wanted = process.argv.slice(2);
const adapters = [...manifests.values()].filter(({ folder, manifest }) =>
  wanted.length > 0 ? wanted.includes(folder) : folder.startsWith('packages/adapters/') && !manifest.private,
);

const scratch = mkdtempSync(join(tmpdir(), 'genops-alone-'));
/** @type {Map<string, string>} */
const tarballs = new Map();
try {
  for (const { manifest } of adapters) checkAlone(manifest.name);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** @param {string} name */
function checkAlone(name) {
  const project = join(scratch, name.replace(/\W/g, '-'));
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{"name":"empty","private":true,"type":"module"}\n');
  installInto(project, tarballsOf([name]));
  writeFileSync(
    join(project, 'run.mjs'),
    `import * as exported from '${name}';
const names = Object.keys(exported);
if (names.length === 0) throw new Error('nothing is exported');
for (const value of Object.values(exported)) {
  if (value?.routes !== undefined && (value.authorize('key') === undefined || value.routes.length === 0)) throw new Error(value.id);
}
console.log(names.length);
`,
  );
  const exported = execute(process.execPath, ['run.mjs'], project).trim();
  // The same from CommonJS: Node requires ESM that has no top-level await.
  execute(process.execPath, ['--input-type=commonjs', '-e', `require('${name}')`], project);
  const { packages, bytes } = measure(join(project, 'node_modules'));
  const { beside = [], clients = [] } = aloneCallOf(name);
  installInto(project, [
    ...tarballsOf([name, '@genops/governor', ...beside]),
    ...clients.map((client) => `${client}@${testedVersion(client)}`),
  ]);
  writeFileSync(join(project, 'call.mjs'), programOf(name, manifests.get(name)?.folder ?? ''));
  const cost = execute(process.execPath, ['call.mjs'], project).trim();
  console.log(
    `${name}: ${exported} exports, ${packages} packages, ${(bytes / 1024).toFixed(0)} KiB installed; a call cost ${cost}`,
  );
}

/**
 * @param {string} project
 * @param {readonly string[]} packages
 */
function installInto(project, packages) {
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--fetch-retries=0'];
  execute('npm', ['install', ...options, ...packages], project);
}

/**
 * @param {string} client
 * @returns {string}
 */
function testedVersion(client) {
  const manifest = join(root, 'packages/contracts/node_modules', client, 'package.json');
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}

/**
 * @param {readonly string[]} names
 * @returns {readonly string[]} with every workspace package that these need at run time
 */
function tarballsOf(names) {
  /** @type {Set<string>} */
  const found = new Set();
  for (const name of names) closure(name, found);
  return [...found].map(tarballOf);
}

/**
 * @param {string} name
 * @param {Set<string>} found - gets the package and every workspace package it needs at run time
 */
function closure(name, found) {
  found.add(name);
  const { dependencies = {}, peerDependencies = {} } = manifests.get(name)?.manifest ?? {};
  for (const dependency of Object.keys({ ...dependencies, ...peerDependencies })) {
    if (manifests.has(dependency) && !found.has(dependency)) closure(dependency, found);
  }
}

/** @param {string} name */
function tarballOf(name) {
  const known = tarballs.get(name);
  if (known !== undefined) return known;
  const target = join(scratch, `pack-${name.replace(/\W/g, '-')}`);
  mkdirSync(target);
  execute('pnpm', ['pack', '--pack-destination', target], join(root, manifests.get(name)?.folder ?? ''));
  const file = readdirSync(target).find((entry) => entry.endsWith('.tgz')) ?? '';
  const tarball = join(target, basename(file));
  tarballs.set(name, tarball);
  return tarball;
}

/**
 * @param {string} folder
 * @returns {{ packages: number, bytes: number }}
 */
function measure(folder) {
  let packages = 0;
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    bytes += statSync(path).size;
    if (entry.name === 'package.json' && /node_modules[/\\](@[^/\\]+[/\\])?[^/\\]+$/.test(entry.parentPath)) {
      packages += 1;
    }
  }
  return { packages, bytes };
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 */
function execute(command, args, cwd) {
  return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
