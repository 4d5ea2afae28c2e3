import type { Line } from '../line.ts';

/** Longer lines, and longer documents, tell of no work that anyone ordered. */
export const maximumBytes = 64 * 1024 * 1024;

export interface LineSplitter {
  /** @returns the lines that these bytes complete */
  push(chunk: Uint8Array): readonly string[];
  end(): readonly string[];
  /** True when it has given up. */
  readonly overflown: boolean;
}

/** Cuts what comes into lines that say something. */
export function createLineSplitter(line: Line, path: string): LineSplitter {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let overflown = false;
  return {
    get overflown() {
      return overflown;
    },
    push(chunk) {
      if (overflown) return [];
      const last = chunk.lastIndexOf(newline);
      const rest = last === -1 ? chunk : chunk.subarray(last + 1);
      const text = last === -1 ? '' : textOf([...parts, chunk.subarray(0, last)]);
      if (last !== -1) {
        parts = [];
        bytes = 0;
      }
      parts.push(Uint8Array.from(rest));
      bytes += rest.byteLength;
      if (bytes > maximumBytes) {
        overflown = true;
        parts = [];
        line.onError(new Error(`A line of results at ${path} is longer than ${maximumBytes} bytes`));
      }
      return linesOf(text);
    },
    end: () => linesOf(textOf(parts)),
  };
}

const newline = 0x0a;

export function textOf(parts: readonly Uint8Array[]): string {
  return Buffer.concat(parts).toString('utf8');
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((one) => one.trim() !== '');
}

/** What is not JSON is no result: these files may be anything. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
