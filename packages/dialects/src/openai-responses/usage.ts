import type { AnswerFacts, Usage } from '@genops/core';
import { type AnswerShape, readAnswerError } from '../usage/answer.ts';
import { at, listAt, present, textAt, type UsageFields } from '../usage/fields.ts';
import { type Counters, readUsage } from '../usage/read-usage.ts';
import { knownCostParts, readReportedCost } from '../usage/reported-cost.ts';

/** Numbers that repeat what others say, or that cost nothing by themselves. */
const known: ReadonlySet<string> = new Set([
  'total_tokens',
  'input_tokens_details.text_tokens',
  'output_tokens_details.text_tokens',
  'num_server_side_tools_used',
  'context_details.input_tokens',
  'context_details.output_tokens',
  'server_tool_use_details.tool_calls_requested',
  'server_tool_use_details.tool_calls_executed',
  ...knownCostParts,
]);

/**
 * An answer of the Responses API. Tools are charged by the call and are not in its usage: searches are those
 * that it says it bills, else those among its output items.
 *
 * @see https://platform.openai.com/docs/api-reference/responses/object (checked 2026-11-20)
 */
export const responsesAnswer: AnswerShape = {
  about: (response) =>
    present<AnswerFacts>({
      responseId: textAt(response, 'id'),
      responseModel: textAt(response, 'model'),
      serviceTier: textAt(response, 'service_tier'),
      error: readAnswerError(at(response, 'error')),
      pending: isGoingOn(response) ? true : undefined,
    }),
  usage: readResponseUsage,
};

/** Work in the background goes on when nobody reads its stream any more. */
function isGoingOn(response: unknown): boolean {
  return (
    at(response, 'background') === true && /^(queued|in_progress)$/.test(textAt(response, 'status') ?? '')
  );
}

function readResponseUsage(response: unknown): AnswerFacts {
  const { webSearches, images, unreadUsage: unreadTools = [] } = readToolUsage(response);
  const facts = readUsage(at(response, 'usage'), {
    name: 'usage',
    known,
    read: (fields) => ({
      counters: { ...readTokens(fields), ...readToolCalls(response, fields, webSearches) },
      ...readReportedCost(fields),
    }),
  });
  const unreadUsage = [...(facts.unreadUsage ?? []), ...unreadTools];
  return present<AnswerFacts>({
    ...facts,
    parts: images && [{ responseModel: imageModelOf(response), usage: images }],
    unreadUsage: unreadUsage.length === 0 ? undefined : unreadUsage,
  });
}

function readTokens({ count }: UsageFields): Counters {
  return {
    inputTokens: count('input_tokens'),
    cacheReadInputTokens: count('input_tokens_details.cached_tokens'),
    cacheCreationInputTokens: count('input_tokens_details.cache_write_tokens'),
    inputAudioTokens: count('input_tokens_details.audio_tokens'),
    inputImageTokens: count('input_tokens_details.image_tokens'),
    outputTokens: count('output_tokens'),
    reasoningOutputTokens: count('output_tokens_details.reasoning_tokens'),
    outputAudioTokens: count('output_tokens_details.audio_tokens'),
    outputImageTokens: count('output_tokens_details.image_tokens'),
  };
}

/** Calls of hosted tools. Opening a page that was found, or looking for a word in it, is not a search. */
function readToolCalls(
  response: unknown,
  { count }: UsageFields,
  billedSearches: number | undefined,
): Counters {
  const items = listAt(response, 'output');
  const ofType = (type: string): readonly unknown[] => items.filter((item) => at(item, 'type') === type);
  const searches = ofType('web_search_call').filter(
    (item) => (at(item, 'action.type') ?? 'search') === 'search',
  );
  const containers = new Set(ofType('code_interpreter_call').map((item) => at(item, 'container_id')));
  return {
    webSearches:
      count('server_tool_use_details.web_search_requests') ?? billedSearches ?? some(searches.length),
    fileSearches: some(ofType('file_search_call').length),
    codeSessions: some(containers.size),
    webResults: count('num_sources_used'),
  };
}

const knownToolUsage: ReadonlySet<string> = new Set([
  'image_gen.total_tokens',
  'image_gen.input_tokens_details.text_tokens',
  'image_gen.output_tokens_details.text_tokens',
  'image_gen.cached_tokens_details.cached_text_tokens',
]);

/** What hosted tools are charged for: searches, and images by tokens of the model that made them. */
function readToolUsage(response: unknown): {
  readonly webSearches?: number | undefined;
  readonly images?: Usage | undefined;
  readonly unreadUsage?: readonly string[];
} {
  const { usage, ...rest } = readUsage(at(response, 'tool_usage'), {
    name: 'tool_usage',
    known: knownToolUsage,
    read: ({ count }) => ({
      counters: {
        webSearches: count('web_search.num_requests'),
        inputTokens: count('image_gen.input_tokens'),
        inputImageTokens: count('image_gen.input_tokens_details.image_tokens'),
        cacheReadInputTokens: count('image_gen.cached_tokens'),
        cacheReadInputImageTokens: count('image_gen.cached_tokens_details.cached_image_tokens'),
        outputTokens: count('image_gen.output_tokens'),
        outputImageTokens: count('image_gen.output_tokens_details.image_tokens'),
      },
    }),
  });
  if (usage === undefined) return rest;
  const { webSearches, ...images } = usage;
  const tokens = (images.inputTokens ?? 0) + (images.outputTokens ?? 0);
  return { ...rest, webSearches, images: tokens === 0 ? undefined : images };
}

/** The tool's own setting, else the model that it uses when none is set (checked 2026-11-20). */
function imageModelOf(response: unknown): string {
  const tool = listAt(response, 'tools').find((candidate) => at(candidate, 'type') === 'image_generation');
  return textAt(tool, 'model') ?? 'gpt-image-2';
}

function some(count: number): number | undefined {
  return count === 0 ? undefined : count;
}
