import type { Decimal } from '@genops/core';
import type { CrossedThreshold, EndResult, HoldEntry, ReserveResult, SettledEntry } from '@genops/ledger';
import type { MatchedLimit } from '@genops/policy';
import type { Line } from './line.ts';

/** Something that was spent without having been held. */
export interface Spent {
  readonly id: string;
  readonly limits: readonly MatchedLimit[];
  /** In the order of the limits. */
  readonly amounts: readonly Decimal[];
  readonly held: HoldEntry;
  /** @returns the entry, which may say that a limit was exceeded by it */
  entry(reserved: Extract<ReserveResult, { result: 'held' }>): SettledEntry;
}

export type Booked =
  | {
      readonly result: 'booked';
      readonly ended: EndResult;
      readonly thresholds: readonly CrossedThreshold[];
    }
  /** It stands there already. */
  | { readonly result: 'known' }
  | { readonly result: 'failed'; readonly message: string };

/** How long a hold lives that is ended at once. */
const holdsMs = 60_000;

/**
 * Books what was spent already, on every limit: what is spent is spent, so none refuses it. May be done
 * again with the same id.
 *
 * @throws {LedgerUnavailableError} when the store does not answer
 */
export async function book(line: Line, { id, limits, amounts, held, entry }: Spent): Promise<Booked> {
  const draws = limits.map((matched, index) => ({
    ...unenforced(matched),
    amount: amounts[index] as Decimal,
  }));
  const reserved = await line.ledger.reserve({ id, draws, expiresInMs: holdsMs, entry: held });
  if (reserved.result === 'conflict' && reserved.endedAs === 'settled') return { result: 'known' };
  if (reserved.result !== 'held') {
    return { result: 'failed', message: reserved.result === 'conflict' ? reserved.message : reserved.result };
  }
  const ended = await line.ledger.settle({ id, amounts, entry: entry(reserved) });
  return { result: 'booked', ended, thresholds: reserved.thresholds };
}

/** An enforced limit would refuse; this one counts all the same. */
function unenforced({ limit, bucket }: MatchedLimit): MatchedLimit {
  return limit.mode === 'enforced' ? { limit: { ...limit, mode: 'advisory' }, bucket } : { limit, bucket };
}
