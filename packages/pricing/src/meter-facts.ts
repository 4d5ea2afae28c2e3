import type { Meter } from '@genops/core';

const million = '1000000';

/** Units that an amount buys when the price file does not say: what providers' price pages mean. */
export const usualPer: { readonly [M in Meter]: string } = {
  input: million,
  cache_read: million,
  cache_write_5m: million,
  cache_write_1h: million,
  input_audio: million,
  input_image: million,
  input_video: million,
  cache_read_audio: million,
  cache_read_image: million,
  output: million,
  reasoning: million,
  citation: million,
  output_audio: million,
  output_image: million,
  output_video: million,
  training: million,
  character: million,
  request: '1',
  web_search: '1',
  web_result: '1',
  web_fetch: '1',
  search_query: '1',
  grounded_prompt: '1',
  file_search: '1',
  search_unit: '1',
  code_session: '1',
  image: '1',
  video_second: '1',
  audio_second: '1',
  page: '1',
  annotated_page: '1',
};

/** Meters that count tokens of a prompt. */
export const inputMeters = [
  'input',
  'cache_read',
  'cache_write_5m',
  'cache_write_1h',
  'input_audio',
  'input_image',
  'input_video',
  'cache_read_audio',
  'cache_read_image',
] as const satisfies readonly Meter[];

/** Meters that count tokens of an answer. */
export const outputMeters = [
  'output',
  'reasoning',
  'citation',
  'output_audio',
  'output_image',
  'output_video',
] as const satisfies readonly Meter[];

const tokenMeters: ReadonlySet<Meter> = new Set([...inputMeters, ...outputMeters, 'training']);

export function countsTokens(meter: Meter): boolean {
  return tokenMeters.has(meter);
}

/**
 * Whose price holds when a meter has none of its own, nearest first. What is read from a cache in another
 * modality costs as much as reading that modality anew, unless it costs as much as text.
 */
export const fallbacks: { readonly [M in Meter]?: readonly Meter[] } = {
  cache_read: ['input'],
  cache_write_5m: ['input'],
  cache_write_1h: ['cache_write_5m', 'input'],
  input_audio: ['input'],
  input_image: ['input'],
  input_video: ['input'],
  cache_read_audio: ['input_audio', 'cache_read', 'input'],
  cache_read_image: ['input_image', 'cache_read', 'input'],
  reasoning: ['output'],
  citation: ['output'],
  output_audio: ['output'],
  output_image: ['output'],
  output_video: ['output'],
};

/** Parts that are usually not priced apart: using the whole's price for them is not worth a warning. */
export const usuallyInside: ReadonlySet<Meter> = new Set([
  'reasoning',
  'citation',
  'input_image',
  'cache_read_image',
  'input_video',
  'output_image',
]);
