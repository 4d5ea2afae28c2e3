import { type AnswerFacts, Decimal, type Money, money, type ReceiptRoute } from '@genops/core';

/**
 * What OpenRouter says of a generation once it is over, which is the truth also about streams that were
 * left early. Counters are those of the model's own tokenizer, by which it is charged.
 *
 * @see https://openrouter.ai/docs/api-reference/get-a-generation (checked 2026-11-20)
 */
export const generationReceipt: ReceiptRoute = {
  path: (responseId) => `/generation?id=${encodeURIComponent(responseId)}`,
  read(bytes) {
    const generation = readGeneration(bytes);
    if (generation === undefined) return undefined;
    const { id, model, provider_name: hostProvider, service_tier: serviceTier } = generation;
    const cached = count(generation.native_tokens_cached);
    const reasoning = count(generation.native_tokens_reasoning);
    const input = count(generation.native_tokens_prompt) ?? count(generation.tokens_prompt);
    const output = count(generation.native_tokens_completion) ?? count(generation.tokens_completion);
    const reportedCost = amount(generation.total_cost);
    const upstreamCost = generation.is_byok === true ? amount(generation.upstream_inference_cost) : undefined;
    if (input === undefined || output === undefined || reportedCost === undefined) return undefined;
    return {
      ...(text(id) && { responseId: id }),
      ...(text(model) && { responseModel: model }),
      ...(text(serviceTier) && { serviceTier }),
      usage: {
        inputTokens: input,
        outputTokens: output,
        // Either can be counted by another measure than its whole; what cannot be is not told.
        ...(cached !== undefined && cached <= input && { cacheReadInputTokens: cached }),
        ...(reasoning !== undefined && reasoning <= output && { reasoningOutputTokens: reasoning }),
      },
      reportedCost,
      ...(upstreamCost !== undefined && { upstreamCost }),
      ...(text(hostProvider) && { gateway: { hostProvider, ...firstChoice(generation, hostProvider) } }),
    } satisfies AnswerFacts;
  },
};

/** The fields that are used, as they came. */
type Generation = {
  readonly [Field in
    | 'id'
    | 'model'
    | 'provider_name'
    | 'provider_responses'
    | 'service_tier'
    | 'native_tokens_prompt'
    | 'native_tokens_completion'
    | 'native_tokens_cached'
    | 'native_tokens_reasoning'
    | 'tokens_prompt'
    | 'tokens_completion'
    | 'total_cost'
    | 'upstream_inference_cost'
    | 'is_byok']?: unknown;
};

function readGeneration(bytes: Uint8Array): Generation | undefined {
  let parsed: { readonly data?: unknown } | null;
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString('utf8')) as typeof parsed;
  } catch {
    return undefined;
  }
  const data = parsed?.data;
  return typeof data === 'object' && data !== null ? (data as Generation) : undefined;
}

/** Whom OpenRouter asked first, where it lists whom it asked. */
function firstChoice(
  { provider_responses: asked }: Generation,
  hostProvider: string,
): { readonly predictedProvider: string; readonly fallbackUsed: boolean } | undefined {
  const first = Array.isArray(asked)
    ? (asked[0] as { readonly provider_name?: unknown } | undefined)?.provider_name
    : undefined;
  return text(first) ? { predictedProvider: first, fallbackUsed: first !== hostProvider } : undefined;
}

function text(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** The shortest decimal that reads back as this number, which is what their JSON said. */
function amount(value: unknown): Money | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
    ? money(new Decimal(String(value)))
    : undefined;
}
