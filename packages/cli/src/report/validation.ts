import type { Finding } from '../checks/problems.ts';
import { type CheckStatus, nameOf, type ValidationResult } from '../checks/result.ts';
import { printable } from './table.ts';

const marks: Readonly<Record<CheckStatus, string>> = {
  passed: 'ok  ',
  warning: 'warn',
  failed: 'FAIL',
  skipped: 'skip',
};

/**
 * Prints what was found, for people: every check in a line, what is wrong with it below, and a summary.
 *
 * @param write - takes the text, such as `(text) => process.stdout.write(text)`
 */
export function printValidationResult(result: ValidationResult, write: (text: string) => void): void {
  const width = Math.max(...result.checks.map((check) => nameOf(check).length));
  const explained = new Set<string>();
  for (const check of result.checks) {
    write(`${marks[check.status]}  ${nameOf(check).padEnd(width)}  ${printable(check.message)}\n`);
    for (const one of check.findings) {
      write(findingText(one, { said: check.message, explained: explained.has(one.id) }));
      explained.add(one.id);
    }
  }
  write(`\n${result.summary.text}\n`);
}

/** What was found; why it matters and what to do only where that was not said above. */
function findingText(
  { id, severity, message, explanation, fix, page }: Finding,
  { said, explained }: { readonly said: string; readonly explained: boolean },
): string {
  const lines = [
    `${severity} ${id}${message === said ? '' : `: ${printable(message)}`}`,
    ...(explained ? [] : [`  why: ${explanation}.`, `  fix: ${fix}.`, `  more: ${page}`]),
  ];
  return lines.map((line) => `      ${line}\n`).join('');
}
