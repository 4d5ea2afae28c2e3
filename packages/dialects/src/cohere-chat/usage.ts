import type { AnswerFacts } from '@genops/core';
import { type AnswerShape, readAnswerError } from '../usage/answer.ts';
import { at, present, textAt, type UsageFields } from '../usage/fields.ts';
import { type Counters, readUsage, sumOf } from '../usage/read-usage.ts';

/**
 * An answer of Cohere's chat, rerank or embed. Billed units are what is charged; tokens also count the
 * template around the prompt, and what was cached can exceed what is billed.
 *
 * @see https://docs.cohere.com/reference/chat (checked 2026-11-20)
 */
export const cohereAnswer: AnswerShape = {
  about: (answer) =>
    present<AnswerFacts>({
      responseId: textAt(answer, 'id'),
      responseModel: textAt(answer, 'model'),
      error: readAnswerError(at(answer, 'error')),
    }),
  usage: (answer) =>
    readUsage(at(answer, 'usage') ?? at(answer, 'meta'), {
      name: 'usage',
      known,
      read: (fields) => ({ counters: readUnits(fields) }),
    }),
};

const known: ReadonlySet<string> = new Set([
  'tokens.input_tokens',
  'tokens.output_tokens',
  'tokens.image_tokens',
  'cached_tokens',
]);

function readUnits({ count, value }: UsageFields): Counters {
  const from = value('billed_units') === undefined ? 'tokens' : 'billed_units';
  const imageTokens = count(`${from}.image_tokens`);
  return {
    inputTokens: sumOf(count(`${from}.input_tokens`), imageTokens),
    inputImageTokens: imageTokens,
    outputTokens: count(`${from}.output_tokens`),
    searchUnits: count('billed_units.search_units'),
    images: count('billed_units.images'),
    pages: count('billed_units.pages'),
  };
}
