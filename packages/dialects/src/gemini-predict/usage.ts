import type { AnswerFacts } from '@genops/core';
import { type AnswerShape, readAnswerError } from '../usage/answer.ts';
import { at, listAt, present, readFields } from '../usage/fields.ts';
import { sumOf, usageOf } from '../usage/read-usage.ts';

/** Images that were made. What was filtered out has no image and is not charged. */
export const imagenAnswer: AnswerShape = {
  about,
  usage: (answer) => {
    const predictions = at(answer, 'predictions');
    if (!Array.isArray(predictions)) return {};
    const made = predictions.filter(
      (one) => at(one, 'bytesBase64Encoded') !== undefined || at(one, 'gcsUri') !== undefined,
    );
    return { usage: { images: made.length } };
  },
};

/** Embeddings, each of which counts its own tokens. */
export const predictedEmbeddings: AnswerShape = {
  about,
  usage: (answer) => {
    const counts = listAt(answer, 'predictions').map((one) =>
      readFields(at(one, 'embeddings.statistics'), { name: 'statistics' }).count('token_count'),
    );
    return present<AnswerFacts>({ usage: usageOf({ inputTokens: sumOf(...counts) }) });
  },
};

function about(answer: unknown): AnswerFacts {
  return present<AnswerFacts>({ error: readAnswerError(at(answer, 'error')) });
}
