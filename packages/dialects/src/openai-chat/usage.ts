import type { AnswerFacts } from '@genops/core';
import { type AnswerShape, readAnswerError } from '../usage/answer.ts';
import { at, present, textAt, type UsageFields } from '../usage/fields.ts';
import { readGateway } from '../usage/gateway.ts';
import { type Counters, readUsage, sumOf } from '../usage/read-usage.ts';
import { knownCostParts, readReportedCost } from '../usage/reported-cost.ts';

/** Numbers that repeat what others say, or that cost nothing by themselves. */
const known: ReadonlySet<string> = new Set([
  'prompt_tokens_details.text_tokens',
  'prompt_tokens_details.cached_tokens_details.text_tokens',
  'prompt_text_tokens',
  'prompt_cache_miss_tokens',
  'completion_tokens_details.text_tokens',
  'completion_tokens_details.accepted_prediction_tokens',
  'completion_tokens_details.rejected_prediction_tokens',
  ...knownCostParts,
  'server_tool_use_details.tool_calls_requested',
  'server_tool_use_details.tool_calls_executed',
  'server_side_tool_usage_details.mcp_calls',
  'queue_time',
  'prompt_time',
  'completion_time',
  'total_time',
]);

/** What tokens are that are in the total and in none of its parts. */
type Remainder = 'unexplained' | 'reasoning';

/**
 * A Chat Completions answer, of OpenAI and of everyone who speaks its format: each of them adds fields
 * under names of its own, so one reader serves all. Legacy completions and embeddings share it.
 *
 * @see https://platform.openai.com/docs/api-reference/chat/object (checked 2026-11-20)
 */
export const chatAnswer: AnswerShape = { about, usage: (answer) => readChatUsage(answer, 'unexplained') };

/**
 * The same of Google, whose `completion_tokens` leave out thoughts without saying how many there were: only
 * the total tells.
 */
export const googleChatAnswer: AnswerShape = { about, usage: (answer) => readChatUsage(answer, 'reasoning') };

function about(answer: unknown): AnswerFacts {
  return present<AnswerFacts>({
    responseId: textAt(answer, 'id'),
    responseModel: textAt(answer, 'model'),
    serviceTier: textAt(answer, 'service_tier'),
    gateway: readGateway(answer),
    error: readAnswerError(at(answer, 'error') ?? at(answer, 'choices.0.error')),
  });
}

function readChatUsage(answer: unknown, remainder: Remainder): AnswerFacts {
  return readUsage(at(answer, 'usage') ?? at(answer, 'x_groq.usage'), {
    name: 'usage',
    known,
    read: (fields) => ({
      counters: { ...readInput(fields), ...readOutput(fields, remainder), ...readTools(fields) },
      ...readReportedCost(fields),
    }),
  });
}

/** Cached tokens are inside `prompt_tokens` everywhere; only the name of their counter differs. */
function readInput(fields: UsageFields): Counters {
  const { count } = fields;
  return {
    inputTokens: count('prompt_tokens'),
    cacheReadInputTokens: count(
      'prompt_tokens_details.cached_tokens',
      'prompt_cache_hit_tokens', // DeepSeek
      'num_cached_tokens', // Mistral
      'prompt_token_details.cached_tokens', // Mistral
      'cached_tokens', // Moonshot, Together
      'cached_prompt_text_tokens', // xAI's own SDK
    ),
    cacheCreationInputTokens: count('prompt_tokens_details.cache_write_tokens'),
    inputAudioTokens: count('prompt_tokens_details.audio_tokens'),
    inputImageTokens: count('prompt_tokens_details.image_tokens', 'prompt_image_tokens'),
    inputVideoTokens: count('prompt_tokens_details.video_tokens'),
    cacheReadInputAudioTokens: count('prompt_tokens_details.cached_tokens_details.audio_tokens'),
    cacheReadInputImageTokens: count('prompt_tokens_details.cached_tokens_details.image_tokens'),
    audioSeconds: fields.duration('prompt_audio_seconds'),
  };
}

/** Makes output inclusive: some providers count reasoning and citations beside `completion_tokens`. */
function readOutput({ count, value }: UsageFields, remainder: Remainder): Counters {
  const completion = count('completion_tokens');
  const citations = count('citation_tokens');
  let reasoning = count('completion_tokens_details.reasoning_tokens', 'reasoning_tokens');
  const beside = (reasoning ?? 0) + (citations ?? 0);
  const prompt = count('prompt_tokens') ?? 0;
  const total = value('total_tokens');
  const isBeside =
    beside > 0 &&
    (beside > (completion ?? 0) ||
      total === prompt + (completion ?? 0) + beside ||
      citations !== undefined ||
      separating.some((path) => value(path) !== undefined));
  let output = isBeside ? (completion ?? 0) + beside : completion;
  const missing = typeof total === 'number' ? total - prompt - (output ?? 0) : 0;
  if (missing > 0 && remainder === 'reasoning') {
    output = (output ?? 0) + missing;
    reasoning = (reasoning ?? 0) + missing;
  }
  // A total above its parts stays unread, which reports it.
  if (!(missing > 0 && remainder === 'unexplained')) count('total_tokens');
  return {
    outputTokens: output,
    reasoningOutputTokens: reasoning,
    citationTokens: citations,
    outputAudioTokens: count('completion_tokens_details.audio_tokens'),
    outputImageTokens: count('completion_tokens_details.image_tokens'),
    outputVideoTokens: count('completion_tokens_details.video_tokens'),
  };
}

/** Fields of formats that always count reasoning beside: Perplexity, xAI's own SDK. */
const separating = ['num_search_queries', 'prompt_text_tokens'];

/** Work that is charged by the piece. */
function readTools({ count, amount }: UsageFields): Counters {
  return {
    // Perplexity charges each request by the size of its search context, and deep research each search.
    requests: amount('cost.request_cost') === undefined ? undefined : 1,
    searchQueries: count('num_search_queries'),
    // Live search of xAI.
    webResults: count('num_sources_used'),
    webSearches: sumOf(
      count('server_tool_use_details.web_search_requests', 'server_tool_use.web_search_requests'),
      count('server_side_tool_usage_details.web_search_calls'),
      count('server_side_tool_usage_details.x_search_calls'),
    ),
    fileSearches: sumOf(
      count('server_side_tool_usage_details.file_search_calls'),
      count('server_side_tool_usage_details.document_search_calls'),
    ),
    codeSessions: count('server_side_tool_usage_details.code_interpreter_calls'),
  };
}
