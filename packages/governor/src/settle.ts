import type { Cost, Decimal, Usage } from '@genops/core';
import type { EndResult, SettledEntry } from '@genops/ledger';
import type { Attempt } from './attempt.ts';
import { book } from './book.ts';
import type { IdentifiedCall } from './identify.ts';
import type { Line } from './line.ts';
import type { Metered } from './meter.ts';
import type { Plan } from './plan.ts';
import { type Hold, settledAmounts } from './reserve.ts';

/** What the ledger made of an attempt. */
export type Settlement =
  | { readonly result: 'recorded'; readonly recorded: Recorded }
  /** The ledger did not take it yet; it is offered again until it does, or for an hour. Never rejects. */
  | { readonly result: 'pending'; readonly later: Promise<Recorded | undefined> };

export type Recorded = Extract<EndResult, { result: 'recorded' }>;

export interface Ending {
  readonly identified: IdentifiedCall;
  readonly plan: Plan;
  readonly hold: Hold;
  readonly attempt: Attempt;
  readonly metered: Metered;
  readonly cost: Cost;
}

/** Ends the hold once, whatever happened: with what was spent, or, if nothing was sent, with nothing. */
export async function settle(line: Line, ending: Ending): Promise<Settlement> {
  const { hold, metered } = ending;
  const entry = entryOf(ending);
  const usage = chargedUsage(metered);
  const end = (): Promise<EndResult> => {
    if (hold.unheld) return settleUnheld(line, ending, usage, entry);
    if (usage === undefined) return line.ledger.release({ id: hold.id, entry });
    return line.ledger.settle({ id: hold.id, amounts: amountsOf(ending, usage), entry });
  };
  try {
    return read(line, await end());
  } catch (error) {
    line.onError(error);
    return { result: 'pending', later: persist(line, end) };
  }
}

function amountsOf({ hold, cost }: Ending, usage: Usage): Decimal[] {
  const tokens = (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0);
  const spent = cost.result === 'priced' ? cost.total.amount : undefined;
  return settledAmounts(hold.draws, spent, tokens, hold.attempt);
}

/** Books a call for which nothing could be held; its entry says so. */
async function settleUnheld(
  line: Line,
  ending: Ending,
  usage: Usage | undefined,
  settled: SettledEntry,
): Promise<EndResult> {
  const { hold } = ending;
  const { usage: _usage, cost: _cost, outcome: _outcome, status: _status, flags = [], ...held } = settled;
  const entry = { ...settled, flags: [...flags, 'unheld'] };
  const amounts = amountsOf(ending, usage ?? {});
  // The ledger may have held it after all, and only its answer got lost.
  const late = await line.ledger.settle({ id: hold.id, amounts, entry });
  if (late.result !== 'unknown_hold') return late;
  const booked = await book(line, {
    id: hold.id,
    limits: hold.draws,
    amounts,
    held,
    entry: ({ states }) => ({ ...entry, decision: { ...hold.decision, limits: states } }),
  });
  if (booked.result === 'booked') return booked.ended;
  return { result: 'conflict', message: booked.result === 'known' ? 'it is booked already' : booked.message };
}

function read(line: Line, ended: EndResult): Settlement {
  if (ended.result === 'recorded') return { result: 'recorded', recorded: ended };
  line.onError(new Error(`A call could not be settled: ${ended.message}`));
  return { result: 'pending', later: Promise.resolve(undefined) };
}

/** Offers an ending again, ever more slowly, for about an hour: usage that was seen is never lost to a pause. */
async function persist(line: Line, end: () => Promise<EndResult>): Promise<Recorded | undefined> {
  for (let pauseMs = 50; pauseMs < 30 * 60_000; pauseMs *= 2) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs).unref());
    try {
      const settled = read(line, await end());
      return settled.result === 'recorded' ? settled.recorded : undefined;
    } catch (error) {
      line.onError(error);
    }
  }
  return undefined;
}

/** A cached answer repeats the counters of the one that was generated; nothing was consumed again. */
function chargedUsage({ facts, usage }: Metered): Usage | undefined {
  return usage !== undefined && facts.gateway?.cacheHit ? {} : usage;
}

function entryOf({ identified, plan, hold, attempt, metered, cost }: Ending): SettledEntry {
  const { call } = identified;
  const { facts, outcome } = metered;
  const usage = chargedUsage(metered);
  const { provider, apiKey } = plan.route.target;
  const flags = [...metered.flags, ...(cost.result === 'priced' ? (cost.warnings ?? []) : [])];
  return {
    operationId: call.id,
    attempt: hold.attempt,
    provider: provider.id,
    ...(apiKey !== undefined && { providerKeyId: apiKey.id }),
    operation: call.operation,
    requestModel: plan.route.requestModel,
    ...(facts.responseModel !== undefined && { responseModel: facts.responseModel }),
    ...(facts.serviceTier !== undefined && { serviceTier: facts.serviceTier }),
    ...(facts.region !== undefined && { region: facts.region }),
    ...(facts.gateway !== undefined && { gateway: facts.gateway }),
    stream: call.stream,
    attribution: call.attribution,
    decision: hold.decision,
    ...(plan.cost !== undefined && { held: plan.cost }),
    ...(usage !== undefined && { usage }),
    cost,
    outcome,
    ...(attempt.result !== 'failed' && { status: attempt.status }),
    ...(facts.responseId !== undefined && { responseId: facts.responseId }),
    ...(flags.length > 0 && { flags }),
  };
}
