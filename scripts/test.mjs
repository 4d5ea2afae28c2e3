// `npm test`: installs what is missing, runs every check and every test that a change could affect,
// and ends with one line that counts the tests of all packages, those answered from the cache included.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { install, packageFolders, root, run } from './bootstrap.mjs';

const checks = [
  'lint',
  'imports',
  'unused',
  'typecheck',
  'build',
  'package:check',
  'packages:alone',
  'test',
  'support-matrix:check',
];

install();

const reports = packageFolders().map((folder) => join(root, folder, '.reports/test.json'));
for (const report of reports) rmSync(report, { force: true });

const exitCode = await run('turbo', [
  'run',
  ...checks,
  '--continue=dependencies-successful',
  '--output-logs=errors-only',
]);

const total = { passed: 0, failed: 0, skipped: 0 };
for (const report of reports.filter((file) => existsSync(file))) {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  total.passed += numPassedTests;
  total.failed += numFailedTests;
  total.skipped += numPendingTests + numTodoTests;
}

// A check that is not a test, or a test file that does not even load, counts as one failure.
if (exitCode !== 0 && total.failed === 0) total.failed = 1;

const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = exitCode === 0 && total.failed > 0 ? 1 : exitCode;
