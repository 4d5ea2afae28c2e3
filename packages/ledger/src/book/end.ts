import { endedEntry, ledgerFlags, reportOf, sameContent } from '../entry.ts';
import type { EndResult, ReleaseRequest, SettleRequest } from '../ledger.ts';
import { givesBack, type Moment } from '../plan-draw.ts';
import { createInstantText } from '../present.ts';
import { toSubunits } from '../subunits.ts';
import { checkAmounts, checkCount } from '../validate.ts';
import { hasEnded, unknownHold } from './answers.ts';
import type { Finish } from './finish.ts';
import { plansOf } from './hold.ts';
import type { RecordedEntry } from './journal.ts';
import type { BookParts } from './parts.ts';

/** Settles and releases what is held. */
export interface End {
  readonly settle: (request: SettleRequest) => EndResult;
  readonly release: (request: ReleaseRequest) => EndResult;
}

export function createEnd(parts: BookParts, finish: Finish['finish']): End {
  const { holds, counters, plans, answers, journal, findEntry, begin } = parts;
  const instant = createInstantText();

  /** Counts in the window in which the call was admitted, without the hold that has expired. */
  function settleLate(expired: RecordedEntry, request: SettleRequest, moment: Moment): EndResult {
    const lateId = `${request.id}:late`;
    const before = findEntry(lateId);
    if (before !== undefined) return settleAgain(before, request, moment);
    const amounts = request.amounts.map(toSubunits);
    const counted = expired.draws.map((draw) => plans.ofEntry(draw, expired.entry));
    const entry = endedEntry(request.entry, {
      id: lateId,
      kind: 'settled',
      at: expired.entry.at,
      endedAt: instant(moment.wall),
      flags: [ledgerFlags.lateSettlement],
      corrects: request.id,
    });
    const draws = counted.map((plan, index) => counters.count(plan, amounts[index] ?? 0n, moment));
    journal.recorded({ entry, draws });
    return answers.recorded(entry, counted, amounts, moment);
  }

  function settleAgain(before: RecordedEntry, request: SettleRequest, moment: Moment): EndResult {
    const amounts = request.amounts.map(toSubunits);
    const counted = before.draws.map((draw) => plans.ofEntry(draw, before.entry));
    const same =
      before.entry.kind === 'settled' &&
      before.draws.every(({ amount }, index) => givesBack(counted[index]) || amount === amounts[index]) &&
      sameContent(reportOf(before.entry), request.entry);
    return same ? answers.recorded(before.entry, counted, amounts, moment) : hasEnded(before.entry);
  }

  function releaseAgain(before: RecordedEntry, request: ReleaseRequest, moment: Moment): EndResult {
    const { entry, draws } = before;
    const same = entry.kind === 'released' && sameContent(reportOf(entry), request.entry);
    if (!same) return hasEnded(entry);
    const counted = draws.map((draw) => plans.ofEntry(draw, entry));
    return answers.recorded(entry, counted, [], moment);
  }

  return {
    settle: (request) => {
      checkAmounts(request.amounts);
      const moment = begin();
      const hold = holds.get(request.id);
      if (hold === undefined) {
        const before = findEntry(request.id);
        if (before === undefined) return unknownHold(request.id);
        checkCount(request.amounts, before.draws.length);
        const settle = before.entry.kind === 'expired' ? settleLate : settleAgain;
        return settle(before, request, moment);
      }
      checkCount(request.amounts, hold.draws.length);
      const amounts = request.amounts.map(toSubunits);
      const overHold = hold.draws.some(
        ({ amount, plan }, index) => !givesBack(plan) && (amounts[index] ?? 0n) > amount,
      );
      const entry = endedEntry(request.entry, {
        id: hold.id,
        kind: 'settled',
        at: hold.atText,
        endedAt: instant(moment.wall),
        ...(overHold && { flags: [ledgerFlags.overHold] }),
      });
      finish(hold, amounts, entry, moment);
      return answers.recorded(entry, plansOf(hold), amounts, moment);
    },
    release: (request) => {
      const moment = begin();
      const hold = holds.get(request.id);
      if (hold === undefined) {
        const before = findEntry(request.id);
        return before === undefined ? unknownHold(request.id) : releaseAgain(before, request, moment);
      }
      const entry = endedEntry(request.entry, {
        id: hold.id,
        kind: 'released',
        at: hold.atText,
        endedAt: instant(moment.wall),
      });
      finish(hold, [], entry, moment);
      return answers.recorded(entry, plansOf(hold), [], moment);
    },
  };
}
