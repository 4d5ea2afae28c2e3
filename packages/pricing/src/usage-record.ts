import { checkUsage, type Meter, type Usage, type UsageCounter, UsageError } from '@genops/core';

/** A usage record as it stands in files and reports, in snake case. */
export type UsageRecord = Readonly<Record<string, number>>;

/** Names of the counters in files, wholes before their parts. */
const recordNames: { readonly [Counter in UsageCounter]: string } = {
  inputTokens: 'input_tokens',
  cacheReadInputTokens: 'cache_read_tokens',
  cacheCreationInputTokens: 'cache_write_tokens',
  cacheCreation5mInputTokens: 'cache_write_5m_tokens',
  cacheCreation1hInputTokens: 'cache_write_1h_tokens',
  inputAudioTokens: 'input_audio_tokens',
  inputImageTokens: 'input_image_tokens',
  inputVideoTokens: 'input_video_tokens',
  cacheReadInputAudioTokens: 'cache_read_audio_tokens',
  cacheReadInputImageTokens: 'cache_read_image_tokens',
  outputTokens: 'output_tokens',
  reasoningOutputTokens: 'reasoning_tokens',
  citationTokens: 'citation_tokens',
  outputAudioTokens: 'output_audio_tokens',
  outputImageTokens: 'output_image_tokens',
  outputVideoTokens: 'output_video_tokens',
  requests: 'requests',
  webSearches: 'web_searches',
  webResults: 'web_results',
  webFetches: 'web_fetches',
  searchQueries: 'search_queries',
  groundedPrompts: 'grounded_prompts',
  fileSearches: 'file_searches',
  searchUnits: 'search_units',
  codeSessions: 'code_sessions',
  images: 'images',
  videoSeconds: 'video_seconds',
  audioSeconds: 'audio_seconds',
  characters: 'characters',
  pages: 'pages',
  annotatedPages: 'annotated_pages',
  trainingTokens: 'training_tokens',
};

const counters = new Map(
  Object.entries(recordNames).map(([counter, name]) => [name, counter as UsageCounter]),
);

/**
 * Reads a usage record.
 *
 * @throws {UsageError} for a name that is no counter, and for counters that cannot be
 */
export function usageFromRecord(record: Readonly<Record<string, unknown>>): Usage {
  const usage: { [Counter in UsageCounter]?: number } = {};
  for (const [name, value] of Object.entries(record)) {
    const counter = counters.get(name);
    if (counter === undefined) throw new UsageError(name, value, 'no counter of this name');
    if (typeof value !== 'number') throw new UsageError(name, value, 'a non-negative integer below 2^53');
    usage[counter] = value;
  }
  checkUsage(usage);
  return usage;
}

/** Writes a usage record. What is zero or was not reported is left out. */
export function usageToRecord(usage: Usage): UsageRecord {
  const record: Record<string, number> = {};
  for (const [counter, name] of Object.entries(recordNames) as [UsageCounter, string][]) {
    const value = usage[counter];
    if (value !== undefined && value > 0) record[name] = value;
  }
  return record;
}

/** Names of the lines of a cost in files: the counter that a meter measures a part of. */
export const unitNames: { readonly [M in Meter | 'gateway_fee']: string } = {
  input: 'input_tokens_uncached',
  cache_read: 'cache_read_tokens',
  cache_write_5m: 'cache_write_5m_tokens',
  cache_write_1h: 'cache_write_1h_tokens',
  input_audio: 'input_audio_tokens',
  input_image: 'input_image_tokens',
  input_video: 'input_video_tokens',
  cache_read_audio: 'cache_read_audio_tokens',
  cache_read_image: 'cache_read_image_tokens',
  output: 'output_tokens',
  reasoning: 'reasoning_tokens',
  citation: 'citation_tokens',
  output_audio: 'output_audio_tokens',
  output_image: 'output_image_tokens',
  output_video: 'output_video_tokens',
  request: 'requests',
  web_search: 'web_searches',
  web_result: 'web_results',
  web_fetch: 'web_fetches',
  search_query: 'search_queries',
  grounded_prompt: 'grounded_prompts',
  file_search: 'file_searches',
  search_unit: 'search_units',
  code_session: 'code_interpreter_sessions',
  image: 'images',
  video_second: 'video_seconds',
  audio_second: 'audio_seconds',
  character: 'characters',
  page: 'pages',
  annotated_page: 'annotated_pages',
  training: 'training_tokens',
  gateway_fee: 'gateway_fee',
};
