/** Nobody is believed who asks for more than this. */
const longestMs = 3_600_000;

/**
 * Reads `Retry-After`: seconds, or a date.
 *
 * @returns milliseconds, at most an hour; undefined when it says nothing that can be understood
 */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const waitMs = /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - nowMs;
  if (!(waitMs >= 0)) return undefined;
  return Math.min(longestMs, Math.ceil(waitMs));
}
