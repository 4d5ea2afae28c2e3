import { type AnswerFacts, Decimal, type Usage } from '@genops/core';
import { at, present, readFields, reportedMoney, textAt, type UsageFields } from '../usage/fields.ts';
import { settleOverlap } from '../usage/overlap.ts';

/** What a chat answer, or a chunk of a streamed one, says about what it consumed. */
type ChatUsage = Pick<AnswerFacts, 'usage' | 'reportedCost' | 'upstreamCost' | 'unreadUsage'>;

/** One ten-billionth of a dollar, the unit in which xAI reports cost. */
const usdPerTick = new Decimal('0.0000000001');

/** Numbers that repeat what others say, or that cost nothing by themselves. */
const known: ReadonlySet<string> = new Set([
  'prompt_tokens_details.text_tokens',
  'prompt_tokens_details.cached_tokens_details.text_tokens',
  'prompt_text_tokens',
  'prompt_cache_miss_tokens',
  'completion_tokens_details.text_tokens',
  'completion_tokens_details.accepted_prediction_tokens',
  'completion_tokens_details.rejected_prediction_tokens',
  'cost_details.upstream_inference_prompt_cost',
  'cost_details.upstream_inference_completions_cost',
  'cost_details.server_tool_cost',
  'cost.input_tokens_cost',
  'cost.output_tokens_cost',
  'cost.citation_tokens_cost',
  'cost.reasoning_tokens_cost',
  'cost.search_queries_cost',
  'server_tool_use_details.tool_calls_requested',
  'server_tool_use_details.tool_calls_executed',
  'server_side_tool_usage_details.mcp_calls',
  'queue_time',
  'prompt_time',
  'completion_time',
  'total_time',
]);

/**
 * Reads a Chat Completions answer or chunk, of OpenAI and of everyone who speaks its format: each of them
 * adds fields under names of its own, so one reader serves all.
 *
 * @param answer - as parsed
 * @throws {UsageError} for counters that cannot be
 * @see https://platform.openai.com/docs/api-reference/chat/object (checked 2026-11-20)
 */
export function readChatAnswer(answer: unknown): AnswerFacts {
  return present<AnswerFacts>({
    responseId: textAt(answer, 'id'),
    responseModel: textAt(answer, 'model'),
    serviceTier: textAt(answer, 'service_tier'),
    ...readChatUsage(at(answer, 'usage') ?? at(answer, 'x_groq.usage')),
    error: readChatError(answer),
  });
}

/** The usage object of the format; nothing when there is none, which is not zero. */
function readChatUsage(usage: unknown): ChatUsage {
  if (typeof usage !== 'object' || usage === null) return {};
  const fields = readFields(usage, { name: 'usage', known });
  const counters = present<Usage>({ ...readInput(fields), ...readOutput(fields), ...readTools(fields) });
  const cost = readCost(fields);
  const unreadUsage = fields.unread();
  return present<ChatUsage>({
    usage: Object.keys(counters).length === 0 ? undefined : settleOverlap(counters),
    ...cost,
    unreadUsage: unreadUsage.length === 0 ? undefined : unreadUsage,
  });
}

type Counters = { readonly [Counter in keyof Usage]: number | undefined };

/** Cached tokens are inside `prompt_tokens` everywhere; only the name of their counter differs. */
function readInput(fields: UsageFields): Counters {
  const { count } = fields;
  return {
    inputTokens: count('prompt_tokens'),
    cacheReadInputTokens:
      count('prompt_tokens_details.cached_tokens') ??
      count('prompt_cache_hit_tokens') ?? // DeepSeek
      count('num_cached_tokens') ?? // Mistral
      count('prompt_token_details.cached_tokens') ?? // Mistral
      count('cached_tokens') ?? // Moonshot, Together
      count('cached_prompt_text_tokens'), // xAI's own SDK
    cacheCreationInputTokens: count('prompt_tokens_details.cache_write_tokens'),
    inputAudioTokens: count('prompt_tokens_details.audio_tokens'),
    inputImageTokens: count('prompt_tokens_details.image_tokens') ?? count('prompt_image_tokens'),
    inputVideoTokens: count('prompt_tokens_details.video_tokens'),
    cacheReadInputAudioTokens: count('prompt_tokens_details.cached_tokens_details.audio_tokens'),
    cacheReadInputImageTokens: count('prompt_tokens_details.cached_tokens_details.image_tokens'),
    audioSeconds: fields.duration('prompt_audio_seconds'),
  };
}

/** Makes output inclusive: some providers count reasoning and citations beside `completion_tokens`. */
function readOutput({ count, value }: UsageFields): Counters {
  const completion = count('completion_tokens');
  const inside = count('completion_tokens_details.reasoning_tokens');
  const beside = count('reasoning_tokens');
  const reasoning = inside ?? beside;
  const citations = count('citation_tokens');
  const extra = (reasoning ?? 0) + (citations ?? 0);
  const isExtra = countsBeside({
    reported: completion,
    extra,
    prompt: count('prompt_tokens'),
    total: count('total_tokens'),
    separate: citations !== undefined || separating.some((path) => value(path) !== undefined),
  });
  return {
    outputTokens: completion === undefined ? undefined : completion + (isExtra ? extra : 0),
    reasoningOutputTokens: reasoning,
    citationTokens: citations,
    outputAudioTokens: count('completion_tokens_details.audio_tokens'),
    outputImageTokens: count('completion_tokens_details.image_tokens'),
    outputVideoTokens: count('completion_tokens_details.video_tokens'),
  };
}

/** Fields of formats that always count reasoning beside: Perplexity, xAI's own SDK. */
const separating = ['num_search_queries', 'prompt_text_tokens'];

/**
 * Whether tokens counted on their own are beside the reported output rather than inside it: the total
 * says so (xAI), they would not fit inside, or the format is one that always separates them.
 */
function countsBeside(counts: {
  readonly reported: number | undefined;
  readonly extra: number;
  readonly prompt: number | undefined;
  readonly total: number | undefined;
  readonly separate: boolean;
}): boolean {
  const { reported, extra, prompt, total, separate } = counts;
  if (extra === 0 || reported === undefined) return false;
  return separate || extra > reported || total === (prompt ?? 0) + reported + extra;
}

/** Work that is charged by the piece. */
function readTools({ count, amount }: UsageFields): Counters {
  return {
    // Perplexity charges each request by the size of its search context, and deep research each search.
    requests: amount('cost.request_cost') === undefined ? undefined : 1,
    searchQueries: count('num_search_queries'),
    // Live search of xAI.
    webResults: count('num_sources_used'),
    webSearches: sum(
      count('server_tool_use_details.web_search_requests') ?? count('server_tool_use.web_search_requests'),
      count('server_side_tool_usage_details.web_search_calls'),
      count('server_side_tool_usage_details.x_search_calls'),
    ),
    fileSearches: sum(
      count('server_side_tool_usage_details.file_search_calls'),
      count('server_side_tool_usage_details.document_search_calls'),
    ),
    codeSessions: count('server_side_tool_usage_details.code_interpreter_calls'),
  };
}

/** What OpenRouter, Perplexity and xAI say that they charged. */
function readCost(fields: UsageFields): Pick<ChatUsage, 'reportedCost' | 'upstreamCost'> {
  const ticks = fields.amount('cost_in_usd_ticks')?.times(usdPerTick);
  const reported =
    typeof fields.value('cost') === 'object' ? fields.amount('cost.total_cost') : fields.amount('cost');
  const upstream = fields.amount('cost_details.upstream_inference_cost');
  return present<Pick<ChatUsage, 'reportedCost' | 'upstreamCost'>>({
    reportedCost: reportedMoney(reported ?? ticks),
    upstreamCost: fields.value('is_byok') === true ? reportedMoney(upstream) : undefined,
  });
}

/** An error inside an answer whose status said that all is well. */
function readChatError(answer: unknown): AnswerFacts['error'] {
  const error = at(answer, 'error') ?? at(answer, 'choices.0.error');
  if (error === undefined || error === null || error === false) return undefined;
  const code = at(error, 'code') ?? at(error, 'type');
  return present<NonNullable<AnswerFacts['error']>>({
    message: textAt(error, 'message') ?? (typeof error === 'string' ? error : 'the answer carries an error'),
    code: typeof code === 'string' || typeof code === 'number' ? String(code) : undefined,
  });
}

function sum(...counts: readonly (number | undefined)[]): number | undefined {
  const reported = counts.filter((count) => count !== undefined);
  return reported.length === 0 ? undefined : reported.reduce((total, count) => total + count);
}
