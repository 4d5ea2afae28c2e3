import { amountOf, type Cost, isGenOpsError } from '@genops/core';
import { type NormalisedLine, normaliseLine, type SnakeCaseUsage } from '@genops/dialects';
import type { Pricing } from '@genops/pricing';

/** What the usage of one answer is and came to. */
export interface UsageLine {
  readonly id: string | null;
  readonly usage: SnakeCaseUsage | null;
  readonly cost_usd: string | null;
  /** Of usage or of price; the other may be known. */
  readonly error: string | null;
  readonly message?: string;
  /** Numeric usage fields that no rule read. */
  readonly unread?: readonly string[];
}

/** Normalises and prices one answer. What is wrong with it is part of the result. */
export function usageLine(pricing: Pricing, value: unknown, now: Date): UsageLine {
  try {
    const line = normaliseLine(value);
    const { id, usage, error, message } = line;
    if (error !== null)
      return { id, usage, cost_usd: null, error, ...(message !== undefined && { message }) };
    const cost = priceOf(pricing, line, now);
    const { unreadUsage } = line.facts;
    return {
      id,
      usage,
      ...(cost.result === 'priced'
        ? { cost_usd: amountOf(cost.total), error: null }
        : { cost_usd: null, error: cost.reason, message: cost.message }),
      ...(unreadUsage !== undefined && { unread: unreadUsage }),
    };
  } catch (error) {
    if (!isGenOpsError(error)) throw error;
    const id = (value as { id?: unknown } | null)?.id;
    return {
      id: typeof id === 'string' ? id : null,
      usage: null,
      cost_usd: null,
      error: error.code,
      message: error.message,
    };
  }
}

function priceOf(pricing: Pricing, { provider, model, at, facts, options }: NormalisedLine, now: Date): Cost {
  const { usage = {}, parts, reportedCost, serviceTier, speed, region } = facts;
  return pricing.price({
    provider,
    model: model ?? '',
    at: at ?? now.toISOString(),
    usage,
    ...(parts !== undefined && { parts }),
    ...(reportedCost !== undefined && { reportedCost }),
    ...(serviceTier !== undefined && { serviceTier }),
    ...(speed !== undefined && { speed }),
    ...(region !== undefined && { region }),
    ...(options !== undefined && { options }),
  });
}
