import { checkUsage, type Usage, type UsageCounter } from '@genops/core';

type Counters = { [Counter in UsageCounter]?: number };

/** A modality of the input, and the part of it that was read from a cache. */
const modalities = [
  ['inputAudioTokens', 'cacheReadInputAudioTokens'],
  ['inputImageTokens', 'cacheReadInputImageTokens'],
] as const satisfies readonly (readonly [UsageCounter, UsageCounter])[];

/**
 * Checks the counters and settles what providers leave open: cached tokens and tokens of a modality are
 * both parts of the input and may be the same tokens. Where they would not fit side by side, as many as
 * must be are counted as both.
 *
 * @throws {UsageError} when a part exceeds its whole
 */
export function settleOverlap(usage: Usage): Usage {
  checkUsage(usage);
  const settled: Counters = { ...usage };
  const count = (counter: UsageCounter): number => settled[counter] ?? 0;
  let excess =
    count('cacheReadInputTokens') +
    count('cacheCreationInputTokens') +
    count('inputAudioTokens') +
    count('inputImageTokens') +
    count('inputVideoTokens') -
    count('cacheReadInputAudioTokens') -
    count('cacheReadInputImageTokens') -
    count('inputTokens');
  for (const [whole, cached] of modalities) {
    if (excess <= 0) break;
    const uncachedModality = count(whole) - count(cached);
    const unassigned =
      count('cacheReadInputTokens') - count('cacheReadInputAudioTokens') - count('cacheReadInputImageTokens');
    const moved = Math.min(excess, uncachedModality, unassigned);
    if (moved > 0) settled[cached] = count(cached) + moved;
    excess -= moved;
  }
  return settled;
}
