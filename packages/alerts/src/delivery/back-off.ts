export interface BackOffOptions {
  /** The most that is waited before the second try. @default 1_000 */
  readonly firstMs?: number;
  /** The most that is ever waited, unless the receiver asks for more. @default 300_000 */
  readonly mostMs?: number;
}

/**
 * How long to wait before the next try: anything up to a bound that doubles (full jitter), but not less than the
 * receiver asked for.
 *
 * @param tries - that failed so far, 1 or more
 * @param random - from 0 to 1
 */
export function backOffMs(
  tries: number,
  random: number,
  retryAfterMs = 0,
  { firstMs = 1_000, mostMs = 300_000 }: BackOffOptions = {},
): number {
  const bound = Math.min(mostMs, firstMs * 2 ** Math.min(tries - 1, 30));
  return Math.max(retryAfterMs, Math.floor(random * bound));
}
