import type { LedgerEntry } from '@genops/core';
import { currencyOf } from '../compiled-limit.ts';
import { knownCost, sameContent } from '../entry.ts';
import type { EndResult } from '../ledger.ts';
import type { Moment, Plan } from '../plan-draw.ts';
import { toSubunits } from '../subunits.ts';
import { checkEntry } from '../validate.ts';
import { conflict, unknownHold } from './answers.ts';
import type { EntryDraw, RecordedEntry } from './journal.ts';
import type { BookParts } from './parts.ts';

/** Records what was never held: refusals, and corrections of what was. */
export function createRecord(parts: BookParts) {
  const { holds, counters, plans, answers, journal, findEntry, findCorrections, begin } = parts;

  /** The cost of a correction is what it changes the earlier cost by; it counts where that counted. */
  function recordCorrection(entry: LedgerEntry, original: RecordedEntry, moment: Moment): EndResult {
    const change = knownCost(entry);
    const draws: EntryDraw[] = [];
    const counted: Plan[] = [];
    if (change !== undefined) {
      const total = [original.entry, ...findCorrections(original.entry.id), entry]
        .map(knownCost)
        .filter((cost) => cost?.currency === change.currency)
        .reduce((sum, cost) => sum + (cost === undefined ? 0n : toSubunits(cost.amount)), 0n);
      if (total < 0n) return conflict(`Entry "${original.entry.id}" would come to less than nothing`);
      for (const draw of original.draws) {
        if (currencyOf(draw.limit) !== change.currency) continue;
        const plan = plans.ofEntry(draw, original.entry);
        counted.push(plan);
        draws.push(counters.count(plan, toSubunits(change.amount), moment));
      }
    }
    journal.recorded({ entry, draws });
    return answers.recorded(entry, counted, [], moment);
  }

  return (entry: LedgerEntry): EndResult => {
    checkEntry(entry);
    const moment = begin();
    if (holds.get(entry.id) !== undefined) {
      return conflict(`Attempt "${entry.id}" holds and has not ended`);
    }
    const known = findEntry(entry.id);
    if (known !== undefined) {
      if (!sameContent(known.entry, entry)) return conflict(`Entry "${entry.id}" exists with other content`);
      const counted = known.draws.map((draw) => plans.ofEntry(draw, known.entry));
      return answers.recorded(known.entry, counted, [], moment);
    }
    if (entry.corrects === undefined) {
      journal.recorded({ entry, draws: [] });
      return answers.recorded(entry, [], [], moment);
    }
    const original = findEntry(entry.corrects);
    return original === undefined ? unknownHold(entry.corrects) : recordCorrection(entry, original, moment);
  };
}
