import {
  type AnswerFacts,
  addMoney,
  amountOf,
  type Cost,
  type CostLine,
  freeCost,
  money,
} from '@genops/core';
import type { IdentifiedCall } from './identify.ts';
import type { Line } from './line.ts';
import type { Metered } from './meter.ts';
import type { Plan } from './plan.ts';

const nothing = freeCost(money('0'));

/** Prices what was consumed, by the model that answered, at the prices of the moment of admission. */
export function price(
  line: Line,
  identified: IdentifiedCall,
  plan: Plan,
  at: string,
  metered: Metered,
): Cost {
  const { facts, usage } = metered;
  if (usage === undefined || Object.keys(usage).length === 0) return nothing;
  const { opened } = identified;
  const serviceTier = facts.serviceTier ?? opened.facts.serviceTier;
  const question = {
    provider: plan.route.target.provider.id,
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
  const requestModel = plan.route.model;
  const answered = line.pricing.price({ ...question, model: pricedModel(plan, facts.responseModel) });
  const cost =
    answered.result === 'priced' || answered.reason !== 'unknown_model'
      ? answered
      : line.pricing.price({ ...question, model: requestModel });
  return withUpstream(cost, facts);
}

/** A deployment's answer names the model behind it, which is not what its users named: their name decides. */
function pricedModel({ route }: Plan, responseModel: string | undefined): string {
  const renamed = route.model !== route.requestModel;
  return renamed || responseModel === undefined ? route.model : responseModel;
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
