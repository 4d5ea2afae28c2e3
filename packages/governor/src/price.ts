import {
  type AnswerFacts,
  addMoney,
  amountOf,
  type Cost,
  type CostLine,
  freeCost,
  hasErrorCode,
  type ModelAt,
  money,
} from '@genops/core';
import { pricedAt } from './estimate.ts';
import type { IdentifiedCall } from './identify.ts';
import type { Line } from './line.ts';
import { type Metered, usageComesOf } from './meter.ts';
import type { Plan } from './plan.ts';

const nothing = freeCost(money('0'));

/**
 * Prices what was consumed, by the model that answered, at the prices of the moment of admission. Counters
 * that cannot be priced because they cannot be are charged what was held.
 */
export function price(
  line: Line,
  identified: IdentifiedCall,
  plan: Plan,
  at: string,
  metered: Metered,
): Cost {
  const { bound } = plan.route;
  const comesLater = usageComesOf(identified) !== undefined || metered.flags.includes('results_pending');
  if (comesLater && wasServed(metered)) {
    if (bound.result === 'bounded') return { ...bound.cost, basis: 'estimated' };
    const { reportedCost } = metered.facts;
    return reportedCost === undefined
      ? bound
      : { result: 'priced', total: reportedCost, lines: [], basis: 'reported' };
  }
  try {
    const cost = priceUsage(line, identified, plan, at, metered);
    // Sound tells nothing of itself, and what is guessed of it are tokens, which may not be what is charged.
    const isGuess = cost.result === 'unpriced' && cost.reason === 'unknown_rate' && metered.estimated;
    return isGuess && bound.result === 'bounded' ? { ...bound.cost, basis: 'estimated' } : cost;
  } catch (error) {
    if (!hasErrorCode(error, 'invalid_usage')) throw error;
    if (bound.result === 'unpriced') return bound;
    return { ...bound.cost, basis: 'estimated', warnings: [error.message] };
  }
}

/** False for what never reached the provider, and for what it turned down. */
function wasServed({ outcome, usage }: Metered): boolean {
  return usage !== undefined && (outcome !== 'failed' || Object.keys(usage).length > 0);
}

function priceUsage(line: Line, identified: IdentifiedCall, plan: Plan, at: string, metered: Metered): Cost {
  const { facts, usage } = metered;
  if (usage === undefined || Object.keys(usage).length === 0) return nothing;
  const { opened } = identified;
  const serviceTier = facts.serviceTier ?? opened.facts.serviceTier;
  const asked = { provider: plan.route.priceProvider, model: plan.route.model };
  const question = {
    at,
    usage,
    estimated: metered.estimated,
    ...(serviceTier !== undefined && { serviceTier }),
    ...(facts.speed !== undefined && { speed: facts.speed }),
    ...(facts.region !== undefined && { region: facts.region }),
    ...(facts.parts !== undefined && { parts: facts.parts }),
    ...(facts.reportedCost !== undefined && { reportedCost: facts.reportedCost }),
    ...(opened.facts.options !== undefined && { options: opened.facts.options }),
  };
  const answered = line.pricing.price({ ...question, ...servedAt(plan, facts) });
  const cost =
    answered.result === 'priced' || answered.reason === 'unknown_rate'
      ? answered
      : line.pricing.price({ ...question, ...asked });
  if (facts.gateway?.cacheHit) return avoided(cost);
  return withUpstream(cost, facts);
}

/**
 * The model that answered, on the list of whoever served it. A deployment's answer names the model behind
 * it, which is not what its users named: their name decides.
 */
function servedAt({ route }: Plan, { responseModel, gateway }: AnswerFacts): ModelAt {
  const { provider } = route.target;
  const asked = { provider: route.priceProvider, model: route.model };
  if (responseModel === undefined && gateway?.hostProvider === undefined) return asked;
  if (route.priceProvider !== provider.id || gateway?.cacheHit) {
    return pricedAt(provider, responseModel ?? route.requestModel, gateway?.hostProvider);
  }
  const renamed = route.model !== route.requestModel;
  return renamed || responseModel === undefined ? asked : { ...asked, model: responseModel };
}

/** An answer out of a cache costs nothing; what it would have cost stands beside that. */
function avoided(cost: Cost): Cost {
  if (cost.result === 'unpriced') return nothing;
  const zero = money('0', cost.total.currency);
  return { result: 'priced', total: zero, lines: [], basis: 'computed', avoided: cost.total };
}

/**
 * With the caller's own key behind a gateway two parties bill: the gateway its fee, the provider the work.
 * Both are spent; each stands on a line of its own.
 */
function withUpstream(cost: Cost, { reportedCost, upstreamCost, gateway }: AnswerFacts): Cost {
  if (cost.result === 'unpriced' || reportedCost === undefined || upstreamCost === undefined) return cost;
  const once = { quantity: '1', per: '1' };
  const lines: readonly CostLine[] = [
    { meter: 'gateway_fee', ...once, unitPrice: amountOf(reportedCost), subtotal: reportedCost },
    {
      meter: 'request',
      ...once,
      unitPrice: amountOf(upstreamCost),
      subtotal: upstreamCost,
      ...(gateway?.hostProvider !== undefined && { invoiceIssuer: gateway.hostProvider }),
    },
  ];
  return { result: 'priced', total: addMoney(reportedCost, upstreamCost), lines, basis: 'reported' };
}
