import { expiredEntry } from '../entry.ts';
import { rowStart } from '../plan-draw.ts';
import { createInstantText } from '../present.ts';
import { toSubunits } from '../subunits.ts';
import { type AdmittedInAdvance, type HeldDraw, type Hold, heldAsCounted } from './hold.ts';
import type { BookParts } from './parts.ts';

/** Calls that a replica admitted by itself, on holds that it had taken in advance. */
export interface Advance {
  /** Makes the hold of such a call, out of the holds taken in advance. */
  readonly adopt: (call: AdmittedInAdvance) => void;
  /** Ends a hold taken in advance: what is left of it is free again. No call was, so no entry is. */
  readonly giveBack: (id: string) => void;
}

export function createAdvance({ holds, counters, plans, journal, findEntry, begin }: BookParts): Advance {
  const instant = createInstantText();

  /** One that is not there was given back, or has run out. */
  function heldInAdvance(id: string): Hold | undefined {
    const hold = holds.get(id);
    // Looking for its entry makes a store read what it has not read.
    if (hold === undefined) findEntry(id);
    return hold;
  }

  /** Whether that much is left of a hold taken in advance, in the same window. */
  function isCovered({ plan, amount }: HeldDraw, source: string | undefined): boolean {
    if (source === undefined) return plan.counting === 'call';
    const [held] = heldInAdvance(source)?.draws ?? [];
    return (
      held !== undefined &&
      held.amount >= amount &&
      held.plan.account === plan.account &&
      rowStart(held.plan) === rowStart(plan)
    );
  }

  function shrink(id: string, amount: bigint): void {
    const hold = holds.get(id);
    const [draw] = hold?.draws ?? [];
    if (hold === undefined || draw === undefined) return;
    const smaller: Hold = { ...hold, draws: [{ ...draw, amount: draw.amount - amount }] };
    counters.moveHeld(draw.plan, -amount);
    holds.put(smaller);
    journal.shrunk(smaller);
  }

  return {
    adopt: ({ request, at, from }) => {
      const { wall, steady } = begin();
      const { id, expiresInMs, clampSteps, entry } = request;
      if (holds.get(id) !== undefined || findEntry(id) !== undefined) return;
      const hold: Hold = {
        id,
        at,
        atText: instant(at),
        expiresAt: at + expiresInMs,
        expiresInMs,
        deadline: steady + Math.min(at + expiresInMs - wall, expiresInMs),
        clampSteps,
        granted: clampSteps,
        draws: request.draws.map((draw): HeldDraw => {
          const amount = toSubunits(draw.amount);
          const minimum = draw.minimum === undefined ? undefined : toSubunits(draw.minimum);
          return { plan: plans.at(draw, { wall: at, steady: at }), asked: amount, minimum, amount };
        }),
        entry,
      };
      if (hold.draws.some((draw, index) => !isCovered(draw, from[index]))) {
        // What it was admitted on has run out meanwhile, and so has the call.
        const ending = { id, kind: 'expired', at: hold.atText, endedAt: instant(wall) } as const;
        const counted = hold.draws.map((draw) => ({ ...heldAsCounted(draw), amount: 0n }));
        journal.recorded({ entry: expiredEntry(entry, ending), draws: counted });
        return;
      }
      hold.draws.forEach(({ plan, amount }, index) => {
        const source = from[index];
        if (source === undefined) return;
        shrink(source, amount);
        counters.moveHeld(plan, amount);
      });
      holds.put(hold);
      journal.held(hold);
    },
    giveBack: (id) => {
      begin();
      const hold = heldInAdvance(id);
      if (hold === undefined) return;
      for (const { plan, amount } of hold.draws) counters.moveHeld(plan, -amount);
      holds.remove(id);
      journal.ended(hold);
    },
  };
}
