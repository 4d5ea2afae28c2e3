import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import type { CommandContext } from '../src/context.ts';
import { runCommandLine } from '../src/index.ts';

export interface Ran {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs the command in a directory, and gives back what it said. */
export async function genops(
  directory: string,
  values: readonly string[],
  context: Partial<CommandContext> = {},
): Promise<Ran> {
  let output = '';
  let errors = '';
  const code = await runCommandLine(values, {
    write: (text) => {
      output += text;
    },
    writeError: (text) => {
      errors += text;
    },
    environment: {},
    standardInput: Readable.from([]),
    directory,
    now: () => new Date(),
    ...context,
  });
  return { code, output, errors };
}

export function emptyDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'genops-cli-'));
}

/** Somebody at a terminal: what they see, and what they type when they see it. */
export interface Person {
  readonly terminal: NonNullable<CommandContext['terminal']>;
  /** Everything that was shown. */
  readonly seen: () => string;
  /** Waits until the text is shown, after what was waited for before, and types the keys. */
  answer(question: string | RegExp, keys: string): Promise<void>;
}

export const enter = '\r';
export const yes = 'y';
export const space = ' ';
export const interrupt = '\u0003';

/** A terminal whose other end is the test. */
export function createPerson(): Person {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => input });
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 40 });
  let seen = '';
  let from = 0;
  output.on('data', (bytes: Buffer) => {
    seen += plain(bytes.toString('utf8'));
  });
  return {
    terminal: { input, output },
    seen: () => seen,
    answer: async (question, keys) => {
      for (;;) {
        const rest = seen.slice(from);
        const found = typeof question === 'string' ? rest.indexOf(question) : rest.search(question);
        if (found !== -1) {
          from += found + 1;
          break;
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      // As from a keyboard: one key after the other, Enter last.
      for (const key of keys) {
        input.write(key);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}

/** Without colours and cursor movements. */
function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what it takes out
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '');
}
