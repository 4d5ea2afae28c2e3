import { type AnswerFacts, Decimal } from '@genops/core';
import { present, reportedMoney, type UsageFields } from './fields.ts';

type ReportedCost = Pick<AnswerFacts, 'reportedCost' | 'upstreamCost'>;

/** One ten-billionth of a dollar, the unit in which xAI reports cost. */
const usdPerTick = new Decimal('0.0000000001');

/** Numbers that explain a reported cost and are not added to it. */
export const knownCostParts: readonly string[] = [
  'cost_details.upstream_inference_prompt_cost',
  'cost_details.upstream_inference_completions_cost',
  'cost_details.upstream_inference_input_cost',
  'cost_details.upstream_inference_output_cost',
  'cost_details.server_tool_cost',
  'cost.input_tokens_cost',
  'cost.output_tokens_cost',
  'cost.request_cost',
  'cost.citation_tokens_cost',
  'cost.reasoning_tokens_cost',
  'cost.search_queries_cost',
];

/**
 * What OpenRouter, Perplexity and xAI say in their usage objects that they charged.
 *
 * @see https://openrouter.ai/docs/use-cases/usage-accounting (checked 2026-11-20)
 * @see https://docs.x.ai/developers/cost-tracking (checked 2026-11-20)
 */
export function readReportedCost(fields: UsageFields): ReportedCost {
  const isDetailed = typeof fields.value('cost') === 'object';
  const reported = isDetailed ? fields.amount('cost.total_cost') : fields.amount('cost');
  const ticks = fields.amount('cost_in_usd_ticks')?.times(usdPerTick);
  const upstream = fields.amount('cost_details.upstream_inference_cost');
  return present<ReportedCost>({
    reportedCost: reportedMoney(reported ?? ticks),
    upstreamCost: fields.value('is_byok') === true ? reportedMoney(upstream) : undefined,
  });
}
