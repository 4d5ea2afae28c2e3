/** An event that outgrows this is no longer read: memory is bounded by us, not by whom we read. */
export const maximumEventBytes = 16 * 1024 * 1024;

/** Keeps the bytes of an event that has begun and not ended. */
export interface Collector {
  /** Keeps more of it. */
  keep(bytes: Buffer): void;
  /** Everything kept and this, its end; nothing of either is kept. Empty when it had outgrown the cap. */
  take(last: Buffer): Buffer;
}

export function createCollector(): Collector {
  let parts: Buffer[] = [];
  let size = 0;
  let outgrown = false;

  return {
    keep(bytes) {
      if (bytes.length === 0 || outgrown) return;
      size += bytes.length;
      outgrown = size > maximumEventBytes;
      if (outgrown) parts = [];
      else parts.push(bytes);
    },
    take(last) {
      const whole = outgrown
        ? last.subarray(0, 0)
        : parts.length === 0
          ? last
          : Buffer.concat([...parts, last]);
      parts = [];
      size = 0;
      outgrown = false;
      return whole;
    },
  };
}
