import type { AnswerFacts } from '@genops/core';
import { type AnswerShape, readAnswerError } from '../usage/answer.ts';
import { at, listAt, present, textAt, type UsageFields } from '../usage/fields.ts';
import { type Counters, readUsage } from '../usage/read-usage.ts';
import { readReportedCost } from '../usage/reported-cost.ts';

type Part = NonNullable<AnswerFacts['parts']>[number];

const known: ReadonlySet<string> = new Set([
  'total_tokens',
  'input_tokens_details.text_tokens',
  'output_tokens_details.text_tokens',
]);

/**
 * An answer of the Images API, or the last event of a streamed one. Older models report no usage and are
 * charged by the image, so images are counted where there are no tokens.
 *
 * @see https://platform.openai.com/docs/api-reference/images/object (checked 2026-11-20)
 */
export const imagesAnswer: AnswerShape = {
  about: (answer) =>
    present<AnswerFacts>({
      responseModel: textAt(answer, 'model'),
      error: readAnswerError(at(answer, 'error')),
    }),
  usage: readImageUsage,
};

function readImageUsage(answer: unknown): AnswerFacts {
  const facts = readUsage(at(answer, 'usage'), {
    name: 'usage',
    known,
    read: (fields) => ({ counters: readTokens(fields), ...readReportedCost(fields) }),
  });
  const images = listAt(answer, 'data').length;
  return present<AnswerFacts>({
    ...facts,
    usage: facts.usage ?? (images === 0 ? undefined : { images }),
    parts: readSvgUsage(answer),
  });
}

function readTokens({ count }: UsageFields): Counters {
  const output = count('output_tokens');
  return {
    inputTokens: count('input_tokens'),
    inputImageTokens: count('input_tokens_details.image_tokens'),
    cacheReadInputTokens: count('input_tokens_details.cached_tokens', 'cached_tokens'),
    cacheReadInputImageTokens: count('cached_tokens_details.cached_image_tokens'),
    outputTokens: output,
    // Without details, everything that came out is the image.
    outputImageTokens: count('output_tokens_details.image_tokens') ?? output,
  };
}

/** Drawing as SVG is the work of a text model, charged at that model's price. */
function readSvgUsage(answer: unknown): AnswerFacts['parts'] {
  const { usage } = readUsage(at(answer, 'svg_usage'), {
    name: 'svg_usage',
    known: new Set(['total_tokens']),
    read: ({ count }) => ({
      counters: {
        inputTokens: count('input_tokens'),
        outputTokens: count('output_tokens'),
        reasoningOutputTokens: count('reasoning_tokens'),
      },
    }),
  });
  return usage && [present<Part>({ responseModel: textAt(answer, 'svg_usage.model'), usage })];
}
