export interface RateBackoff {
  /** How often to wait before giving up. */
  readonly attempts: number;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

const firstPauseMs = 250;
const longestPauseMs = 60_000;

/** Does it again when the governor's own rate limit refused it, each time after a longer pause. */
export async function waitForRate<Result>(
  action: () => Promise<Result>,
  { attempts, sleep }: RateBackoff,
): Promise<Result> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      if (attempt >= attempts || !isOverRate(error)) throw error;
      await sleep(Math.min(longestPauseMs, Math.max(retryAfterMs(error), firstPauseMs * 2 ** attempt)));
    }
  }
}

interface Refused {
  readonly code?: unknown;
  readonly headers?: { get?(name: string): string | null };
}

/** A provider's 429 is another matter: then another provider is tried. */
function isOverRate(error: unknown): boolean {
  const { code, headers } = error as Refused;
  return code === 'rate_limited' && headers?.get?.('x-genops-reason') === 'RATE_LIMITED';
}

function retryAfterMs(error: unknown): number {
  return Number((error as Refused).headers?.get?.('retry-after') ?? 0) * 1000;
}
