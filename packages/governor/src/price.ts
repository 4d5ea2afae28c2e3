import { type Cost, freeCost, money } from '@genops/core';
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
  const { call, opened } = identified;
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
  const answered = line.pricing.price({ ...question, model: facts.responseModel ?? call.requestModel });
  if (answered.result === 'priced' || answered.reason !== 'unknown_model') return answered;
  return line.pricing.price({ ...question, model: call.requestModel });
}
