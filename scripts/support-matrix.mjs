// Writes docs/support-matrix.md, and the short form of it in README.md, out of the reports of the adapters' tests:
// what stands there was seen by a test that passed. With --check it changes nothing and fails when the pages say
// something else.
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

/** @type {Map<string, Map<string, Set<string>>>} What is done with what comes to a provider, by kind. */
const routes = new Map();

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
 * @param {{ operation?: string, usage?: string[], error?: { status: number, body: string }, route?: { kind: string, what: string } }} seen
 */
function note(titles, title, seen) {
  const provider = titles[0]?.replace(/^provider /, '') ?? '';
  if (seen.route !== undefined) {
    const kinds = routes.get(provider) ?? new Map();
    routes.set(provider, kinds);
    kinds.set(seen.route.kind, (kinds.get(seen.route.kind) ?? new Set()).add(seen.route.what));
    return;
  }
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
const kept = [...routes]
  .sort(([left], [right]) => left.localeCompare(right))
  .map(([provider, kinds]) => {
    const of = (/** @type {string} */ kind) => list([...(kinds.get(kind) ?? [])].sort());
    const free = (kinds.get('free')?.size ?? 0) + (kinds.get('results')?.size ?? 0);
    return `| ${provider} | ${free} | ${of('results')} | ${of('unmetered')} | ${of('refused')} |`;
  });
const text = `# Support matrix

What the adapters' tests have seen: each line is a route of a provider whose real answers, streams and errors are read from fixtures by
\`testProvider\`. Written by \`scripts/support-matrix.mjs\`; whatever is not here is not sent unless \`onUnknownRoute\` says so.

- **Usage**: counters that came above zero in a fixture, and costs that the provider reported.
- **Errors**: the status, and what the router takes it for.

| Provider | Operation | Path | Whole | Stream | Usage | Errors |
| -------- | --------- | ---- | ----- | ------ | ----- | ------ |
${lines.join('\n')}

## What else is known

- **Free** routes pass and leave no entry: lists, counts, files, earlier answers, batches.
- **Results** pass too, and what they tell is booked, once.
- **Without a price**: recorded as \`unmetered\`, and refused under an enforced money limit, reason \`x_unmetered\`. Nothing tells what these cost
  before they are done, or at all; a cost that the provider reports is believed.
- **Refused** by name: what goes past the line.

| Provider | Free | Results | Without a price | Refused |
| -------- | ---- | ------- | --------------- | ------- |
${kept.join('\n')}
`;

/**
 * A table as the formatter of this repository writes it.
 *
 * @param {readonly (readonly string[])[]} rows the first one is the header
 */
function lined(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (/** @type {readonly string[]} */ row, fill = ' ') =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width, fill)).join(' | ')} |`;
  const [first = [], ...others] = rows.map((row) => line(row));
  return [first, line([], '-'), ...others].join('\n');
}

/** What counters count, in a word. @type {readonly (readonly [RegExp, string])[]} */
const classes = [
  [/^reportedCost|^upstreamCost/, 'reported cost'],
  [/^cacheRead/, 'cache read'],
  [/^cacheCreation/, 'cache write'],
  [/^reasoning/, 'reasoning'],
  [/Audio/, 'audio'],
  [/Image/, 'image tokens'],
  [/Video/, 'video'],
  [/^web|^search|^grounded/i, 'search'],
  [/^inputTokens|^outputTokens/, 'tokens'],
  [/^images/, 'images'],
  [/^audioSeconds/, 'seconds'],
  [/^requests/, 'requests'],
];

/** @param {Iterable<string>} counters */
function classesOf(counters) {
  const named = [...counters].map((counter) => classes.find(([of]) => of.test(counter))?.[1] ?? counter);
  const order = ['tokens', ...new Set(classes.map(([, name]) => name))];
  return [...new Set(named)].sort((left, right) => order.indexOf(left) - order.indexOf(right));
}

const short = [...new Set(sorted.map(({ provider }) => provider))]
  .filter((provider) => provider !== 'anyone')
  .map((provider) => {
    const own = sorted.filter((row) => row.provider === provider);
    const operations = [...new Set(own.map(({ operation }) => operation.replaceAll('_', ' ')))].sort();
    const streams = own.some(({ stream }) => stream) ? '✓' : '–';
    const usage = classesOf(own.flatMap((row) => [...row.usage]));
    const seen = [...new Set(own.flatMap((row) => [...row.errors]))];
    const statuses = [...new Set(seen.map((error) => error.split(' ')[0]))].sort();
    const errors = `${statuses.join(' ')} (${new Set(seen.map((error) => error.split(' ')[1])).size})`;
    return [provider, operations.join(', '), streams, usage.join(', '), errors];
  });
const header = ['Provider', 'Metered operations', 'Streams', 'Usage classes', 'Errors: statuses (classes)'];
const table = `<!-- support-matrix: written by npm run support-matrix -->

${lined([header, ...short])}

<!-- /support-matrix -->`;

const readme = join(root, 'README.md');
const between = /<!-- support-matrix:[\s\S]*<!-- \/support-matrix -->/;
const before = readFileSync(readme, 'utf8');
if (!between.test(before)) throw new Error('README.md has no place for the support matrix');
const after = before.replace(between, () => table);

if (!process.argv.includes('--check')) {
  writeFileSync(page, text);
  writeFileSync(readme, after);
} else if (!existsSync(page) || readFileSync(page, 'utf8') !== text || before !== after) {
  console.error(
    'docs/support-matrix.md or README.md is not what the tests saw. Write them anew: npm run support-matrix',
  );
  process.exitCode = 1;
}
