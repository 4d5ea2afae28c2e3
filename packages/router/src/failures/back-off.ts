import type { Random } from '../measure/random.ts';

export interface BackOffOptions {
  /** The most that the first wait can be. @default 250 */
  readonly baseMs?: number;
  /** @default 8_000 */
  readonly maxMs?: number;
}

/**
 * How long to wait before a retry: anything from nothing to a bound that doubles each time (full jitter),
 * so that callers who failed together do not come back together.
 *
 * @param retry - 1 for the first one
 */
export function backOffMs(retry: number, random: Random, options: BackOffOptions = {}): number {
  const { baseMs = 250, maxMs = 8_000 } = options;
  return Math.floor(random() * Math.min(maxMs, baseMs * 2 ** Math.min(retry - 1, 30)));
}
