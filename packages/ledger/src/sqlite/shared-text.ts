/**
 * Text on its way to another thread, as the bytes that will be stored: written into memory that both threads
 * see, which is used again for each batch. Nothing is copied, and nobody has to make strings of it again.
 */
export interface SharedText {
  /** Begins anew, over what was there. */
  readonly clear: () => void;
  /** @returns how many bytes the text has */
  readonly write: (text: string) => number;
  readonly endLine: () => void;
  /** Leaves room for the other side to write into. */
  readonly leave: (bytes: number) => void;
  /** What was written since it was last cleared. */
  readonly bytes: () => Uint8Array;
}

/** UTF-8 has at most so many bytes for each UTF-16 unit. */
const mostBytesPerUnit = 3;
const lineFeed = 0x0a;

export function createSharedText(sizeBytes = 65_536): SharedText {
  let memory = Buffer.from(new SharedArrayBuffer(sizeBytes));
  let length = 0;

  function makeRoom(bytes: number): void {
    if (length + bytes <= memory.length) return;
    const larger = Buffer.from(new SharedArrayBuffer(2 * (length + bytes)));
    memory.copy(larger, 0, 0, length);
    memory = larger;
  }

  return {
    clear: () => {
      length = 0;
    },
    write: (text) => {
      makeRoom(mostBytesPerUnit * text.length);
      const written = memory.write(text, length);
      length += written;
      return written;
    },
    endLine: () => {
      makeRoom(1);
      memory[length] = lineFeed;
      length += 1;
    },
    leave: (bytes) => {
      makeRoom(bytes);
      length += bytes;
    },
    bytes: () => memory.subarray(0, length),
  };
}
