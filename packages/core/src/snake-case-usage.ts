import { UsageError } from './errors.ts';
import { checkUsage, type Usage, type UsageCounter, usageCounters } from './usage.ts';

/** Every counter by its name in files and on the command line. */
const snakeNames: { readonly [Counter in UsageCounter]: string } = {
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

const counterBySnakeName: ReadonlyMap<string, UsageCounter> = new Map(
  usageCounters.map((counter) => [snakeNames[counter], counter]),
);

/** Usage as files write it: `{"input_tokens": 10}`. */
export type SnakeCaseUsage = Readonly<Record<string, number>>;

/** @returns the counters that are not zero, wholes before their parts */
export function usageToSnake(usage: Usage): SnakeCaseUsage {
  const counted = usageCounters.filter((counter) => (usage[counter] ?? 0) > 0);
  return Object.fromEntries(counted.map((counter) => [snakeNames[counter], usage[counter] as number]));
}

/**
 * @param json - an object of counters, as parsed
 * @throws {UsageError} for counters that do not exist or cannot be, and for anything but an object
 */
export function usageFromSnake(json: unknown): Usage {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new UsageError('usage', json, 'an object of counters');
  }
  const usage: { [Counter in UsageCounter]?: number } = {};
  for (const [name, value] of Object.entries(json)) {
    const counter = counterBySnakeName.get(name);
    if (counter === undefined) throw new UsageError(name, value, 'one of the known counters');
    if (!(Number.isSafeInteger(value) && value >= 0)) {
      throw new UsageError(name, value, 'a non-negative integer below 2^53');
    }
    usage[counter] = value;
  }
  checkUsage(usage);
  return usage;
}
