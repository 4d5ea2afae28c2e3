import { admit, type PlannedDraw } from '../admit.ts';
import { sameContent } from '../entry.ts';
import type { ReserveRequest, ReserveResult } from '../ledger.ts';
import { createInstantText } from '../present.ts';
import { toSubunits } from '../subunits.ts';
import { checkReserve } from '../validate.ts';
import { conflict, hasEnded } from './answers.ts';
import type { Hold } from './hold.ts';
import type { BookParts } from './parts.ts';

/** Holds all draws of a call, or none. */
export function createReserve({ holds, counters, plans, answers, journal, findEntry, begin }: BookParts) {
  const instant = createInstantText();

  return (request: ReserveRequest): ReserveResult => {
    checkReserve(request);
    const moment = begin();
    const { id, draws, expiresInMs, clampSteps, entry } = request;
    const known = holds.get(id);
    if (known !== undefined) {
      return isSame(known, request)
        ? answers.held(known, moment, [])
        : conflict(`Hold "${id}" exists with other content`);
    }
    const ended = findEntry(id);
    if (ended !== undefined) return hasEnded(ended.entry);

    const planned: PlannedDraw[] = draws.map((draw) => {
      const plan = plans.at(draw, moment);
      const account = plan.counting === 'call' ? undefined : counters.account(plan.account);
      const minimum = draw.minimum === undefined ? undefined : toSubunits(draw.minimum);
      return { plan, account, amount: toSubunits(draw.amount), minimum };
    });
    const admission = admit(planned, clampSteps, moment);
    if (admission.result === 'refused') {
      const states = planned.map(({ plan }) => counters.stateOf(plan, moment));
      return { result: 'refused', at: instant(moment.wall), shortfall: admission.shortfall, states };
    }
    const hold: Hold = {
      id,
      at: moment.wall,
      atText: instant(moment.wall),
      expiresAt: moment.wall + expiresInMs,
      expiresInMs,
      deadline: moment.steady + expiresInMs,
      clampSteps,
      granted: admission.granted,
      draws: planned.map((draw, index) => counters.take(draw, admission.amounts[index] ?? 0n, moment)),
      entry,
    };
    holds.put(hold);
    journal.held(hold);
    return answers.held(hold, moment, admission.exceeded);
  };
}

/** Whether a hold is what the request asks for once more. */
function isSame(hold: Hold, request: ReserveRequest): boolean {
  return (
    hold.expiresInMs === request.expiresInMs &&
    hold.clampSteps === request.clampSteps &&
    hold.draws.length === request.draws.length &&
    hold.draws.every(({ plan, asked, minimum }, index) => {
      const draw = request.draws[index];
      return (
        draw?.limit.id === plan.compiled.limit.id &&
        draw.bucket === plan.bucket &&
        toSubunits(draw.amount) === asked &&
        (draw.minimum === undefined ? undefined : toSubunits(draw.minimum)) === minimum
      );
    }) &&
    sameContent(hold.entry, request.entry)
  );
}
