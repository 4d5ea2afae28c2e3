import type { Readable } from 'node:stream';

/** What a command has of the world. */
export interface CommandContext {
  /** To standard output. */
  readonly write: (text: string) => void;
  /** To standard error. */
  readonly writeError: (text: string) => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly standardInput: Readable;
  readonly now: () => Date;
}

/** How a command ended: 0 well, 1 with a finding, 2 because it was asked wrongly. */
export type ExitCode = 0 | 1 | 2;
