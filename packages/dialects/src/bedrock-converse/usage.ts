import type { AnswerFacts } from '@genops/core';
import { type AnswerShape, readAnswerError } from '../usage/answer.ts';
import { at, present, textAt, type UsageFields } from '../usage/fields.ts';
import { type Counters, readUsage, sumOf } from '../usage/read-usage.ts';

/**
 * An answer of Converse. Its `inputTokens` leave out what the cache read and wrote; the counters read from it
 * include them.
 *
 * @see https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html (checked 2026-11-20)
 */
export const converseAnswer: AnswerShape = {
  about: (answer) =>
    present<AnswerFacts>({
      responseModel: textAt(answer, 'trace.promptRouter.invokedModelId'),
      serviceTier: textAt(answer, 'serviceTier.type'),
      speed: at(answer, 'performanceConfig.latency') === 'optimized' ? 'optimized' : undefined,
      error: readAnswerError(at(answer, 'error')),
    }),
  usage: (answer) =>
    readUsage(at(answer, 'usage'), {
      name: 'usage',
      known,
      read: (fields) => ({ counters: readTokens(fields) }),
    }),
};

/** Some answers carry each cache counter twice, once with `Count` behind its name. */
const known: ReadonlySet<string> = new Set([
  'totalTokens',
  'cacheReadInputTokenCount',
  'cacheWriteInputTokenCount',
  'cacheReadInputTokensCount',
  'cacheWriteInputTokensCount',
]);

function readTokens(fields: UsageFields): Counters {
  const { count } = fields;
  const read = count('cacheReadInputTokens');
  const written = count('cacheWriteInputTokens');
  const writtenFor = new Map(
    fields.list('cacheDetails').map((detail) => [detail.value('ttl'), detail.count('inputTokens')]),
  );
  return {
    inputTokens: sumOf(count('inputTokens'), read, written),
    cacheReadInputTokens: read,
    cacheCreationInputTokens: written,
    cacheCreation5mInputTokens: writtenFor.get('5m'),
    cacheCreation1hInputTokens: writtenFor.get('1h'),
    outputTokens: count('outputTokens'),
  };
}
