import type { Readable, Writable } from 'node:stream';

/** What a command has of the world. */
export interface CommandContext {
  /** To standard output. */
  readonly write: (text: string) => void;
  /** To standard error. */
  readonly writeError: (text: string) => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly standardInput: Readable;
  /** Somebody who can be asked; absent when input or output is no terminal. */
  readonly terminal?: { readonly input: Readable; readonly output: Writable };
  /** Where relative paths start. @default the working directory */
  readonly directory?: string;
  readonly now: () => Date;
}

/** How a command ended: 0 well, 1 with a finding, 2 because it was asked wrongly. */
export type ExitCode = 0 | 1 | 2;

/** Where relative paths start. */
export function directoryOf({ directory }: CommandContext): string {
  return directory ?? process.cwd();
}
