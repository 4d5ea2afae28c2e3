import { isGenOpsError } from '@genops/core';
import type { Asker } from '../ask/ask.ts';
import type { Finding } from '../checks/problems.ts';
import { printable } from '../report/table.ts';
import { describeChange, type Files, makeChange } from './change.ts';
import { fixes } from './fixes.ts';

/**
 * Goes through findings one by one, and writes what was agreed to.
 *
 * @returns the variables that were written
 */
export async function walkThrough(
  findings: readonly Finding[],
  asker: Asker,
  files: Files,
): Promise<Readonly<Record<string, string>>> {
  const written: Record<string, string> = {};
  for (const finding of findings) {
    const { id, severity, message, explanation, fix, page } = finding;
    asker.say(`${severity} ${id}: ${printable(message)}\nwhy: ${explanation}.\nfix: ${fix}.\nmore: ${page}`);
    const offered = fixes[id];
    if (offered === undefined || !(await asker.confirm('Put it right here?'))) continue;
    const change = await offered(finding, asker);
    if (change === undefined) continue;
    if (!(await asker.confirm(`Write ${describeChange(change, files)}?`))) {
      asker.say('Nothing was written.');
      continue;
    }
    try {
      await makeChange(change, files);
    } catch (error) {
      if (!isGenOpsError(error)) throw error;
      asker.say(`Nothing was written: ${error.message}`);
      continue;
    }
    if (change.kind === 'variable') written[change.name] = change.value;
    asker.say('Written.');
  }
  return written;
}
