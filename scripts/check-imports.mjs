// The direction of imports. A package may depend only on the packages named for it here:
//
//   core ← pricing | policy | ledger | router | dialects ← governor ← register | cli | proxy
//   core ← dialects ← adapters ← register | cli | proxy
//   core ← telemetry | alerts | insights
//
// The packages in the middle never import one another; they meet in the governor.
// A new package adds one line to `mayImport`. An adapter, example or private app needs none.

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { packageFolders, root } from './bootstrap.mjs';

const middle = ['core', 'pricing', 'policy', 'ledger', 'router', 'dialects'];
const listeners = ['telemetry', 'alerts', 'insights'];
const top = [...middle, ...listeners, 'governor', 'adapters/*'];

/** @type {Record<string, readonly string[]>} */
const mayImport = {
  'packages/core': [],
  'packages/pricing': ['core'],
  'packages/policy': ['core'],
  'packages/ledger': ['core'],
  'packages/router': ['core'],
  'packages/dialects': ['core'],
  'packages/telemetry': ['core'],
  'packages/alerts': ['core'],
  'packages/insights': ['core', 'pricing', 'ledger'],
  'packages/governor': middle,
  'packages/adapters/*': ['core', 'dialects'],
  'packages/register': top,
  'packages/testing': [...middle, 'governor'],
  'packages/contracts': [...top, 'testing'],
  'packages/cli': [...top, 'register', 'proxy'],
  'apps/*': [...top, 'dashboard'],
  deploy: ['proxy'],
  'examples/*': [...top, 'register', 'testing'],
};

/** Tests, benches and configuration may also use what is a devDependency. */
const isDevelopment = /\.test(-d)?\.ts$|\.config\.ts$|(^|\/)(bench|test|scripts|fixtures)\//;

const packages = packageFolders().map((folder) => {
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  return { folder, manifest, name: String(manifest.name) };
});
const folderOf = new Map(packages.map(({ name, folder }) => [name, folder]));

/** @type {string[]} */
const problems = [];

for (const { folder, manifest } of packages) {
  const allowed = mayImport[folder] ?? mayImport[folder.replace(/[^/]+$/, '*')];
  if (!allowed) {
    problems.push(`${folder}: not in the table of scripts/check-imports.mjs; add its line to mayImport`);
    continue;
  }

  const runtime = {
    ...manifest.dependencies,
    ...manifest.peerDependencies,
    ...manifest.optionalDependencies,
  };
  for (const name of Object.keys(runtime)) check(`${folder}/package.json`, name, allowed);

  for (const file of sources(folder)) {
    if (isDevelopment.test(file.slice(folder.length + 1))) continue;
    for (const specifier of imports(file)) {
      if (specifier.startsWith('.')) {
        const target = relative(root, resolve(root, file, '..', specifier))
          .split(sep)
          .join('/');
        if (!target.startsWith(`${folder}/`)) problems.push(`${file}: "${specifier}" leaves the package`);
      } else {
        check(file, specifier.split('/').slice(0, 2).join('/'), allowed);
      }
    }
  }
}

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exitCode = 1;
}

/**
 * @param {string} from the file that imports
 * @param {string} name the package imported
 * @param {readonly string[]} allowed
 */
function check(from, name, allowed) {
  const target = folderOf.get(name);
  if (!target || from.startsWith(`${target}/`)) return;
  const short = target.replace(/^(packages|apps)\//, '');
  const permitted = allowed.some((pattern) => [short, short.replace(/[^/]+$/, '*')].includes(pattern));
  if (!permitted) {
    problems.push(`${from}: may not import ${name} (allowed: ${allowed.join(', ') || 'no other package'})`);
  }
}

/**
 * @param {string} folder
 * @returns {string[]} its TypeScript and JavaScript files, relative to the root
 */
function sources(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      const skipped = ['node_modules', 'dist'].includes(entry.name) || entry.name.startsWith('.');
      return skipped ? [] : sources(path);
    }
    return /\.[cm]?[jt]s$/.test(entry.name) ? [path] : [];
  });
}

/**
 * @param {string} file
 * @returns {string[]} what its import and export statements name
 */
function imports(file) {
  const text = readFileSync(join(root, file), 'utf8');
  const statement =
    /^\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;
  return [...text.matchAll(statement)].map((match) => match[1] ?? match[2] ?? '');
}
