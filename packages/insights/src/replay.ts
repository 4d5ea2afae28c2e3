import type { LedgerEntry, Money, Usage } from '@genops/core';
import type { Candidate, Pricing } from '@genops/pricing';
import { costTotal } from './amounts.ts';

/** A call that was made, ready to be priced again: the same usage, at the same instant. */
export interface ReplayableCall {
  readonly entry: LedgerEntry;
  readonly usage: Usage;
  /** Where it was served, as the price catalogue names it. */
  readonly place: Candidate;
  /** What the price list says that it cost there. */
  readonly own: Money;
  /** Whether that is what was recorded: if not, another list or an option that entries do not keep was at work. */
  readonly faithful: boolean;
}

export type NotReplayable = 'not_a_call' | 'no_usage' | 'no_price';

/** Prepares a call for being priced elsewhere, or says why that cannot be done. */
export function replayable(
  pricing: Pick<Pricing, 'price'>,
  entry: LedgerEntry,
): ReplayableCall | NotReplayable {
  const { kind, usage, cost, at } = entry;
  if (kind !== 'settled') return 'not_a_call';
  if (usage === undefined || Object.keys(usage).length === 0) return 'no_usage';
  const place = placeOf(entry);
  const own = costTotal(pricing.price({ ...place, at, usage }));
  if (own === undefined) return 'no_price';
  const recorded = cost.result === 'priced' ? (cost.computed?.total ?? cost.total) : undefined;
  const faithful =
    recorded !== undefined && recorded.currency === own.currency && recorded.amount.eq(own.amount);
  return { entry, usage, place, own, faithful };
}

/** Where an entry was served. The price that it was charged by knows best; else it is what was asked for. */
export function placeOf(entry: LedgerEntry): Candidate {
  const { cost, provider, requestModel, serviceTier, region } = entry;
  const id = cost.result === 'priced' ? cost.price?.id : undefined;
  return {
    ...(modelOfPrice(id) ?? { provider, model: requestModel }),
    ...(serviceTier !== undefined && { serviceTier }),
    ...(region !== undefined && { region }),
  };
}

/** `openai/gpt-4o@2024-10-02T00:00:00Z` is the price of openai's gpt-4o. */
function modelOfPrice(
  id: string | undefined,
): { readonly provider: string; readonly model: string } | undefined {
  const match = id === undefined ? undefined : /^([^/]+)\/(.+)@[^@]*$/.exec(id);
  return match?.[1] === undefined || match[2] === undefined
    ? undefined
    : { provider: match[1], model: match[2] };
}

/** What a call would have cost at another place; undefined where there is no price in the same currency. */
export function priceElsewhere(
  pricing: Pick<Pricing, 'price'>,
  { entry, usage, own }: ReplayableCall,
  place: Candidate,
  changes: { readonly usage?: Usage; readonly at?: string } = {},
): Money | undefined {
  const total = costTotal(
    pricing.price({ ...place, at: changes.at ?? entry.at, usage: changes.usage ?? usage }),
  );
  return total?.currency === own.currency ? total : undefined;
}

/** `house/large` */
export function nameOfPlace({ provider, model }: Pick<Candidate, 'provider' | 'model'>): string {
  return `${provider}/${model}`;
}
