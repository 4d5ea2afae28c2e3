import type { AnswerFacts } from '@genops/core';
import { readAnswerError } from '../usage/answer.ts';
import { at, present, textAt } from '../usage/fields.ts';
import { readUsage } from '../usage/read-usage.ts';

/**
 * Reads an answer of Ollama's own API, or the last line of a streamed one. A prompt that was cached is not
 * counted, and then absent.
 *
 * @throws {UsageError} for counters that cannot be
 * @see https://docs.ollama.com/api/usage (checked 2026-11-20)
 */
export function readOllamaAnswer(answer: unknown): AnswerFacts {
  const counts = { input: at(answer, 'prompt_eval_count'), output: at(answer, 'eval_count') };
  const { usage } = readUsage(counts, {
    name: 'answer',
    read: ({ count }) => ({ counters: { inputTokens: count('input'), outputTokens: count('output') } }),
  });
  return present<AnswerFacts>({
    responseModel: textAt(answer, 'model'),
    usage,
    error: readAnswerError(at(answer, 'error')),
  });
}
