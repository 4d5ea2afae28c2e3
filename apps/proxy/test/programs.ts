import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { emptyDirectory, type Program, runProgram } from './program.ts';

/** What callers present to the programs of these tests. */
export const callersKey = 'gk-0123456789abcdef';

const running: Program[] = [];
afterEach(async () => {
  for (const program of running.splice(0)) {
    program.process.kill('SIGKILL');
    await program.exited;
  }
});

/** Runs the proxy until the test is over. */
export function run(...parameters: Parameters<typeof runProgram>): Program {
  const program = runProgram(...parameters);
  running.push(program);
  return program;
}

/** A folder with a `genops.yaml` in it. */
export async function folderWith(yaml: string): Promise<{ readonly folder: string; readonly file: string }> {
  const folder = await emptyDirectory();
  const file = join(folder, 'genops.yaml');
  await writeFile(file, yaml);
  return { folder, file };
}

/** One chat request, asked as a client that knows nothing would. */
export function ask(url: string, more: Readonly<Record<string, unknown>> = {}): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${callersKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'What time is it?' }],
      max_completion_tokens: 50,
      ...more,
    }),
  });
}
