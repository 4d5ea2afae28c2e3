import type { LedgerEntry } from '@genops/core';
import { expiredEntry } from '../entry.ts';
import type { Moment } from '../plan-draw.ts';
import { createInstantText } from '../present.ts';
import type { Hold } from './hold.ts';
import type { BookParts } from './parts.ts';

/** How holds end. */
export interface Finish {
  /** What it held is free again, what it came to is counted, and the entry says so. Amounts in sub-units. */
  readonly finish: (hold: Hold, amounts: readonly bigint[], entry: LedgerEntry, moment: Moment) => void;
  /** Ends what is due; returns how many that were. */
  readonly sweep: (moment: Moment) => number;
}

export function createFinish({
  holds,
  counters,
  journal,
}: Pick<BookParts, 'holds' | 'counters' | 'journal'>): Finish {
  const instant = createInstantText();

  const finish: Finish['finish'] = (hold, amounts, entry, moment) => {
    holds.remove(hold.id);
    const draws = hold.draws.map((draw, index) => counters.end(draw, amounts[index] ?? 0n, moment));
    journal.ended(hold);
    journal.recorded({ entry, draws });
  };

  return {
    finish,
    sweep: (moment) => {
      let expired = 0;
      for (;;) {
        const hold = holds.firstDue(moment.steady);
        if (hold === undefined) return expired;
        const endedAt = instant(hold.expiresAt);
        const ending = { id: hold.id, kind: 'expired', at: hold.atText, endedAt } as const;
        finish(hold, [], expiredEntry(hold.entry, ending), moment);
        expired += 1;
      }
    },
  };
}
