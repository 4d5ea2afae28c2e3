import type { CallGovernor } from '@genops/core';

/** A discount by contract: from so many tokens in a calendar month on. */
export interface VolumeTier {
  readonly fromTokens: number;
  readonly discountPercent: number;
}

export interface VolumeDiscountInfo {
  /** Metered in this calendar month, in UTC, at SkyRouter. */
  readonly monthlyTokens: number;
  readonly currentDiscountPercent: number;
  readonly nextTier?: VolumeTier & { readonly tokensToGo: number };
}

/**
 * Where metered use stands among the tiers of a contract. It informs and changes no price: a discount that
 * really applies belongs into the price catalogue, as a contract price.
 */
export async function volumeDiscountInfo(
  ledger: CallGovernor['ledger'],
  tiers: readonly VolumeTier[],
  now: Date,
): Promise<VolumeDiscountInfo> {
  const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth())).toISOString();
  const rows = await ledger.sum({ by: [], filter: { from, match: { provider: ['skyrouter'] } } });
  const monthlyTokens = rows.reduce((sum, row) => sum + row.inputTokens + row.outputTokens, 0);
  const ascending = [...tiers].sort((left, right) => left.fromTokens - right.fromTokens);
  const current = ascending.findLast(({ fromTokens }) => monthlyTokens >= fromTokens);
  const next = ascending.find(({ fromTokens }) => monthlyTokens < fromTokens);
  return {
    monthlyTokens,
    currentDiscountPercent: current?.discountPercent ?? 0,
    ...(next !== undefined && { nextTier: { ...next, tokensToGo: next.fromTokens - monthlyTokens } }),
  };
}
