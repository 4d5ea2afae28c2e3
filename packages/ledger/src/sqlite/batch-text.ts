/**
 * Text on its way to another thread, as the bytes that will be stored: written once, then handed over without
 * a copy, and nobody has to make strings of it again.
 */
export interface BatchText {
  /** @returns how many bytes the text has */
  readonly write: (text: string) => number;
  readonly endLine: () => void;
  /** Leaves room for the other side to write into. */
  readonly leave: (bytes: number) => void;
  /** Everything since the last time, in memory of its own that may be given away. */
  readonly take: () => Uint8Array<ArrayBuffer>;
}

/** UTF-8 has at most so many bytes for each UTF-16 unit. */
const mostBytesPerUnit = 3;
const lineFeed = 0x0a;

/** @param sizeBytes - of the memory to begin with; it grows when that is too little, and then stays larger */
export function createBatchText(sizeBytes = 65_536): BatchText {
  let size = sizeBytes;
  let memory: Buffer<ArrayBuffer> | undefined;
  let length = 0;

  function withRoom(bytes: number): Buffer<ArrayBuffer> {
    if (memory !== undefined && length + bytes <= memory.length) return memory;
    while (size < length + bytes) size *= 2;
    const larger = Buffer.allocUnsafeSlow(size);
    memory?.copy(larger, 0, 0, length);
    memory = larger;
    return larger;
  }

  return {
    write: (text) => {
      const written = withRoom(mostBytesPerUnit * text.length).write(text, length);
      length += written;
      return written;
    },
    endLine: () => {
      withRoom(1)[length] = lineFeed;
      length += 1;
    },
    leave: (bytes) => {
      withRoom(bytes).fill(0, length, length + bytes);
      length += bytes;
    },
    take: () => {
      const taken = withRoom(0).subarray(0, length);
      memory = undefined;
      length = 0;
      return taken;
    },
  };
}
