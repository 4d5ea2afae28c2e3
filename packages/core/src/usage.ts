import { UsageError } from './errors.ts';

/**
 * What a call consumed, in the names of OpenTelemetry GenAI. Totals are inclusive: `inputTokens` contains
 * what was read from or written to a cache and every modality; `outputTokens` contains reasoning.
 * Every counter is a non-negative integer; one that is absent was not reported, which is not zero.
 */
export type Usage = { readonly [Counter in UsageCounter]?: number };

/** All counters of {@link Usage}, wholes before their parts. */
export const usageCounters = [
  'inputTokens',
  'cacheReadInputTokens',
  'cacheCreationInputTokens',
  'cacheCreation5mInputTokens',
  'cacheCreation1hInputTokens',
  'inputAudioTokens',
  'inputImageTokens',
  'inputVideoTokens',
  'cacheReadInputAudioTokens',
  'cacheReadInputImageTokens',
  'outputTokens',
  'reasoningOutputTokens',
  'citationTokens',
  'outputAudioTokens',
  'outputImageTokens',
  'outputVideoTokens',
  'requests',
  'webSearches',
  'webResults',
  'webFetches',
  'searchQueries',
  'groundedPrompts',
  'fileSearches',
  'searchUnits',
  'codeSessions',
  'images',
  'videoSeconds',
  'audioSeconds',
  'characters',
  'pages',
  'annotatedPages',
  'trainingTokens',
] as const;

export type UsageCounter = (typeof usageCounters)[number];

/** The things a price can be put on. Disjoint: every token is in exactly one of them. */
export const meters = [
  'input',
  'cache_read',
  'cache_write_5m',
  'cache_write_1h',
  'input_audio',
  'input_image',
  'input_video',
  'cache_read_audio',
  'cache_read_image',
  'output',
  'reasoning',
  'citation',
  'output_audio',
  'output_image',
  'output_video',
  'request',
  'web_search',
  'web_result',
  'web_fetch',
  'search_query',
  'grounded_prompt',
  'file_search',
  'search_unit',
  'code_session',
  'image',
  'video_second',
  'audio_second',
  'character',
  'page',
  'annotated_page',
  'training',
] as const;

export type Meter = (typeof meters)[number];

/** Quantities by meter; a meter that is absent has nothing to charge. */
export type MeterQuantities = { readonly [M in Meter]?: number };

/**
 * Checks each counter, and that no part exceeds its whole.
 *
 * @throws {UsageError} naming the counter, or both counters and both values
 */
export function checkUsage(usage: Usage): void {
  for (const counter of Object.keys(usage) as UsageCounter[]) {
    const value = usage[counter];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0)) {
      throw new UsageError(counter, value, 'a non-negative integer below 2^53');
    }
  }
  for (const [whole, parts] of containment) {
    let sum = 0;
    for (const part of parts) sum += usage[part] ?? 0;
    if (sum === 0) continue;
    const total = usage[whole];
    if (total === undefined || sum > total) {
      const named = parts.filter((part) => usage[part] !== undefined).join(' + ');
      throw new UsageError(named, sum, `at most ${whole}, which is ${total ?? 'not reported'}`);
    }
  }
}

/** Parts that are disjoint from one another and together at most their whole. */
const containment: readonly (readonly [UsageCounter, readonly UsageCounter[]])[] = [
  ['inputTokens', ['cacheReadInputTokens', 'cacheCreationInputTokens']],
  ['inputTokens', ['inputAudioTokens', 'inputImageTokens', 'inputVideoTokens']],
  ['cacheCreationInputTokens', ['cacheCreation5mInputTokens', 'cacheCreation1hInputTokens']],
  ['cacheReadInputTokens', ['cacheReadInputAudioTokens', 'cacheReadInputImageTokens']],
  ['inputAudioTokens', ['cacheReadInputAudioTokens']],
  ['inputImageTokens', ['cacheReadInputImageTokens']],
  [
    'outputTokens',
    [
      'reasoningOutputTokens',
      'citationTokens',
      'outputAudioTokens',
      'outputImageTokens',
      'outputVideoTokens',
    ],
  ],
];

/**
 * The one place where inclusive counters become disjoint meters. A cache write whose lifetime is not
 * reported counts as the five-minute kind.
 *
 * @returns only the meters that have something to charge; their token meters sum to input plus output
 * @throws {UsageError} for impossible counters
 */
export function splitUsage(usage: Usage): MeterQuantities {
  checkUsage(usage);
  const count = (counter: UsageCounter): number => usage[counter] ?? 0;

  const cacheReadAudio = count('cacheReadInputAudioTokens');
  const cacheReadImage = count('cacheReadInputImageTokens');
  const cacheRead = count('cacheReadInputTokens') - cacheReadAudio - cacheReadImage;
  const cacheWrite1h = count('cacheCreation1hInputTokens');
  const cacheWrite5m = count('cacheCreationInputTokens') - cacheWrite1h;
  const audio = count('inputAudioTokens') - cacheReadAudio;
  const image = count('inputImageTokens') - cacheReadImage;
  const video = count('inputVideoTokens');
  const input =
    count('inputTokens') -
    (cacheRead + cacheReadAudio + cacheReadImage + cacheWrite5m + cacheWrite1h + audio + image + video);
  if (input < 0) {
    throw new UsageError(
      'inputTokens',
      count('inputTokens'),
      `at least the sum of its parts, ${count('inputTokens') - input}`,
    );
  }
  const reasoning = count('reasoningOutputTokens');
  const citation = count('citationTokens');
  const outputAudio = count('outputAudioTokens');
  const outputImage = count('outputImageTokens');
  const outputVideo = count('outputVideoTokens');

  const all: { [M in Meter]: number } = {
    input,
    cache_read: cacheRead,
    cache_write_5m: cacheWrite5m,
    cache_write_1h: cacheWrite1h,
    input_audio: audio,
    input_image: image,
    input_video: video,
    cache_read_audio: cacheReadAudio,
    cache_read_image: cacheReadImage,
    output: count('outputTokens') - reasoning - citation - outputAudio - outputImage - outputVideo,
    reasoning,
    citation,
    output_audio: outputAudio,
    output_image: outputImage,
    output_video: outputVideo,
    request: count('requests'),
    web_search: count('webSearches'),
    web_result: count('webResults'),
    web_fetch: count('webFetches'),
    search_query: count('searchQueries'),
    grounded_prompt: count('groundedPrompts'),
    file_search: count('fileSearches'),
    search_unit: count('searchUnits'),
    code_session: count('codeSessions'),
    image: count('images'),
    video_second: count('videoSeconds'),
    audio_second: count('audioSeconds'),
    character: count('characters'),
    page: count('pages'),
    annotated_page: count('annotatedPages'),
    training: count('trainingTokens'),
  };
  const charged: { [M in Meter]?: number } = {};
  for (const meter of meters) if (all[meter] > 0) charged[meter] = all[meter];
  return charged;
}

/** Adds counters one by one; a counter stays absent only when it is absent in both. */
export function addUsage(left: Usage, right: Usage): Usage {
  const sum: { [Counter in UsageCounter]?: number } = { ...left };
  for (const counter of usageCounters) {
    const value = right[counter];
    if (value !== undefined) sum[counter] = (sum[counter] ?? 0) + value;
  }
  return sum;
}
