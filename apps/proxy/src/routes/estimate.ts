import type { ServerResponse } from 'node:http';
import { amountOf, isGenOpsError } from '@genops/core';
import type { Quote, QuotedPlace } from '@genops/governor';
import { sendError, sendJson } from '../send.ts';
import type { Serving } from '../serving.ts';
import { type CallRoute, findCall, readCall } from './calls.ts';

const prefix = '/cost/estimate';

/**
 * Answers what a call would come to, without making it: the same request, sent to `/cost/estimate` for chat
 * completions, or to `/cost/estimate/v1/…` for any other call.
 */
export function estimateRoute(serving: Serving, method: string, url: string): CallRoute | undefined {
  if (url !== prefix && !url.startsWith(`${prefix}/`)) return undefined;
  const found = findCall(serving, method, url.slice(prefix.length) || '/v1/chat/completions');
  if (found === undefined) return undefined;
  return async (request, response, key) => {
    const governed = await readCall(serving, found, request, response, key);
    if (governed === undefined) return;
    try {
      answerQuote(response, serving.governor.quote(governed));
    } catch (error) {
      if (!isGenOpsError(error)) throw error;
      sendError(response, 400, 'invalid_request_error', error.code, error.message);
    }
  };
}

function answerQuote(response: ServerResponse, quote: Quote): void {
  const { requestModel, decision, refusal, most, places } = quote;
  sendJson(response, 200, {
    object: 'cost.estimate',
    model: requestModel,
    verdict: refusal === undefined ? decision.verdict : 'blocked',
    reason_code: refusal?.reasonCode ?? decision.reasonCode ?? null,
    message: refusal?.message ?? decision.message ?? null,
    max_cost: most === undefined ? null : amountOf(most),
    currency: most?.currency ?? null,
    places: places.map(placeBody),
  });
}

function placeBody({ provider, model, most, expected }: QuotedPlace): object {
  if (most.result === 'unpriced') return { provider, model, result: 'unpriced', reason: most.reason };
  return {
    provider,
    model,
    result: 'priced',
    currency: most.cost.total.currency,
    max_cost: amountOf(most.cost.total),
    expected_cost: expected.result === 'bounded' ? amountOf(expected.cost.total) : null,
    max_input_tokens: most.inputTokens,
    max_output_tokens: most.outputTokens,
  };
}
