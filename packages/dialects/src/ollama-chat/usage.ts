import type { AnswerFacts } from '@genops/core';
import { type AnswerShape, readAnswerError } from '../usage/answer.ts';
import { at, present, textAt } from '../usage/fields.ts';
import { readUsage } from '../usage/read-usage.ts';

/**
 * An answer of Ollama's own API: chat, generate or embed. A prompt that was cached is not counted, and then
 * absent.
 *
 * @see https://docs.ollama.com/api/usage (checked 2026-11-20)
 */
export const ollamaAnswer: AnswerShape = {
  about: (answer) =>
    present<AnswerFacts>({
      responseModel: textAt(answer, 'model'),
      error: readAnswerError(at(answer, 'error')),
    }),
  usage(answer) {
    // Counters stand at the top of the answer, among everything else.
    const counts = {
      prompt_eval_count: at(answer, 'prompt_eval_count'),
      eval_count: at(answer, 'eval_count'),
    };
    return readUsage(counts, {
      name: 'answer',
      read: ({ count }) => ({
        counters: { inputTokens: count('prompt_eval_count'), outputTokens: count('eval_count') },
      }),
    });
  },
};
