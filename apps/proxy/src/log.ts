import { isGenOpsError } from '@genops/core';
import sonicBoom from 'sonic-boom';

/** What the program says while it runs. */
export interface Log {
  /**
   * Something happened.
   *
   * @param event - its name, in lines of JSON
   * @param text - the same for people; none when they are not to be bothered with it
   */
  say(event: string, facts: Readonly<Record<string, unknown>>, text?: string): void;
  /** Something went wrong. */
  complain(event: string, error: unknown): void;
  /** Waits, but not for long, until everything is written. */
  flush(): Promise<void>;
}

/** For people: what happened on standard output, what went wrong on standard error. */
export function createTextLog(): Log {
  return {
    say: (_event, _facts, text) => {
      if (text !== undefined) process.stdout.write(text);
    },
    complain: (_event, error) => {
      process.stderr.write(`${new Date().toISOString()} ${withoutSecrets(messageOf(error))}\n`);
    },
    flush: async () => {},
  };
}

/** What is kept in memory while nobody takes it; what does not fit is lost, and calls go on. */
const mostWaitingBytes = 8 * 1024 * 1024;
const flushMs = 2_000;

/** For machines: one object a line on standard output, written in the background. */
export function createJsonLog(fd = 1): Log {
  const out = new sonicBoom.SonicBoom({ fd, sync: false, maxLength: mostWaitingBytes });
  let lost = 0;
  out.on('drop', () => {
    lost += 1;
  });
  // Whoever read the lines is gone. There is nobody left to be told.
  out.on('error', () => {});
  const write = (level: string, event: string, facts: Readonly<Record<string, unknown>>): void => {
    const lostLines = lost === 0 ? {} : { lostLines: lost };
    lost = 0;
    out.write(
      `${JSON.stringify({ time: new Date().toISOString(), level, event, ...facts, ...lostLines })}\n`,
    );
  };
  return {
    say: (event, facts) => write('info', event, facts),
    complain: (event, error) =>
      write('error', event, {
        message: withoutSecrets(messageOf(error)),
        ...(isGenOpsError(error) && { code: error.code }),
      }),
    flush: () =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, flushMs);
        out.flush(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Takes out what looks like a credential: errors of others may quote what they were given. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/(\/\/)[^/\s@]*@/g, '$1***@')
    .replace(/\b(Bearer|Basic)\s+[^\s"',]+/gi, '$1 ***')
    .replace(/\b(A[KS]IA)[A-Z0-9]{12,}/g, '$1***')
    .replace(/\b([a-z]{2,3}-)[A-Za-z0-9_-]{12,}/g, '$1***');
}
