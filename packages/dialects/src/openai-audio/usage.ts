import type { AnswerFacts } from '@genops/core';
import { readAnswerError } from '../usage/answer.ts';
import { at, present, readFields, textAt } from '../usage/fields.ts';
import { readUsage, usageOf } from '../usage/read-usage.ts';

const known: ReadonlySet<string> = new Set([
  'total_tokens',
  'input_token_details.text_tokens',
  'output_token_details.text_tokens',
]);

/**
 * Reads an answer about audio: a transcription, or the last event of streamed speech or transcription.
 * Some models are charged by tokens, others by the second, begun seconds counting as whole.
 *
 * @throws {UsageError} for counters that cannot be
 * @see https://platform.openai.com/docs/api-reference/audio (checked 2026-11-20)
 */
export function readAudioAnswer(answer: unknown): AnswerFacts {
  const facts = readUsage(at(answer, 'usage'), {
    name: 'usage',
    known,
    read: ({ count, duration }) => ({
      counters: {
        inputTokens: count('input_tokens', 'prompt_tokens'),
        inputAudioTokens: count('input_token_details.audio_tokens', 'prompt_tokens_details.audio_tokens'),
        outputTokens: count('output_tokens', 'completion_tokens'),
        outputAudioTokens: count('output_token_details.audio_tokens'),
        audioSeconds: duration('seconds', 'prompt_audio_seconds'),
      },
    }),
  });
  const audioSeconds = readFields(answer, { name: 'answer' }).duration('duration');
  return present<AnswerFacts>({
    responseModel: textAt(answer, 'model'),
    ...facts,
    usage: facts.usage ?? usageOf({ audioSeconds }),
    error: readAnswerError(at(answer, 'error')),
  });
}
