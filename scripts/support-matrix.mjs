// Writes docs/support-matrix.md out of the reports of the adapters' tests: what stands there was seen by a
// test that passed. With --check it changes nothing and fails when the page says something else.
//
//   node --conditions=@genops/source scripts/support-matrix.mjs [--check]

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { classify, wordsOf } from '../packages/router/src/index.ts';
import { packageFolders, root } from './bootstrap.mjs';

const page = join(root, 'docs/support-matrix.md');

/**
 * @typedef {object} Row What was seen of one route of one provider.
 * @property {string} provider
 * @property {string} path
 * @property {string} operation
 * @property {boolean} whole
 * @property {boolean} stream
 * @property {Set<string>} usage
 * @property {Set<string>} errors
 */

/** @type {Map<string, Row>} */
const rows = new Map();

for (const folder of packageFolders().filter((name) => name.startsWith('packages/adapters/'))) {
  const report = join(root, folder, '.reports/test.json');
  if (!existsSync(report)) continue;
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  for (const { assertionResults } of testResults) {
    for (const { ancestorTitles, title, status, meta } of assertionResults) {
      if (status === 'passed' && meta?.seen !== undefined) note(ancestorTitles, title, meta.seen);
    }
  }
}

/**
 * @param {readonly string[]} titles `provider groq`, `at /chat/completions`
 * @param {string} title
 * @param {{ operation?: string, usage?: string[], error?: { status: number, body: string } }} seen
 */
function note(titles, title, seen) {
  const provider = titles[0]?.replace(/^provider /, '') ?? '';
  const path = titles[1]?.replace(/^at /, '') ?? '';
  const key = `${provider} ${path}`;
  const row = rows.get(key) ?? {
    provider,
    path,
    operation: '',
    whole: false,
    stream: false,
    usage: new Set(),
    errors: new Set(),
  };
  rows.set(key, row);
  if (seen.operation !== undefined) row.operation = seen.operation;
  if (title === 'reads its answer') row.whole = true;
  if (title === 'reads its stream') row.stream = true;
  for (const counter of seen.usage ?? []) row.usage.add(counter);
  if (seen.error !== undefined) {
    const { status, body } = seen.error;
    const { id } = classify(wordsOf(provider, { kind: 'status', status, headers: {}, body }));
    row.errors.add(`${status} ${id}`);
  }
}

if (rows.size === 0) {
  console.error('No adapter has a report yet: run their tests first.');
  process.exit(1);
}

/** @param {Iterable<string>} values */
const list = (values) => [...values].map((value) => `\`${value}\``).join(', ') || '–';
const sorted = [...rows.values()].sort(
  (left, right) => left.provider.localeCompare(right.provider) || left.path.localeCompare(right.path),
);
const lines = sorted.map(
  ({ provider, path, operation, whole, stream, usage, errors }) =>
    `| ${provider} | ${operation} | \`${path}\` | ${whole ? 'yes' : '–'} | ${stream ? 'yes' : '–'} | ${list(usage)} | ${list([...errors].sort())} |`,
);
const text = `# Support matrix

What the adapters' tests have seen: each line is a route of a provider whose real answers, streams and errors are read from fixtures by
\`testProvider\`. Written by \`scripts/support-matrix.mjs\`; whatever is not here is not sent unless \`onUnknownRoute\` says so.

- **Usage**: counters that came above zero in a fixture, and costs that the provider reported.
- **Errors**: the status, and what the router takes it for.

| Provider | Operation | Path | Whole | Stream | Usage | Errors |
| -------- | --------- | ---- | ----- | ------ | ----- | ------ |
${lines.join('\n')}
`;

if (!process.argv.includes('--check')) {
  writeFileSync(page, text);
} else if (!existsSync(page) || readFileSync(page, 'utf8') !== text) {
  console.error('docs/support-matrix.md is not what the tests saw. Write it anew: npm run support-matrix');
  process.exitCode = 1;
}
