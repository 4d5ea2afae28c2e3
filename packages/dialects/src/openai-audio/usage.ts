import type { AnswerFacts } from '@genops/core';
import { type AnswerShape, readAnswerError } from '../usage/answer.ts';
import { at, present, readFields, textAt } from '../usage/fields.ts';
import { readUsage, usageOf } from '../usage/read-usage.ts';

const known: ReadonlySet<string> = new Set(['total_tokens', 'input_token_details.text_tokens']);

/**
 * A transcription. Some models are charged by tokens, others by the second, begun seconds counting as whole.
 *
 * @see https://platform.openai.com/docs/api-reference/audio (checked 2026-11-20)
 */
export const transcriptionAnswer: AnswerShape = { about, usage: readTranscriptionUsage };

/** The last event of streamed speech, all of whose output is sound. Speech that is not streamed says nothing. */
export const speechAnswer: AnswerShape = {
  about,
  usage: (answer) =>
    readUsage(at(answer, 'usage'), {
      name: 'usage',
      known,
      read: ({ count }) => ({
        counters: {
          inputTokens: count('input_tokens'),
          outputTokens: count('output_tokens'),
          outputAudioTokens: count('output_tokens'),
        },
      }),
    }),
};

function about(answer: unknown): AnswerFacts {
  return present<AnswerFacts>({
    responseModel: textAt(answer, 'model'),
    error: readAnswerError(at(answer, 'error')),
  });
}

function readTranscriptionUsage(answer: unknown): AnswerFacts {
  const facts = readUsage(at(answer, 'usage'), {
    name: 'usage',
    known,
    read: ({ count, duration }) => ({
      counters: {
        inputTokens: count('input_tokens', 'prompt_tokens'),
        inputAudioTokens: count('input_token_details.audio_tokens', 'prompt_tokens_details.audio_tokens'),
        outputTokens: count('output_tokens', 'completion_tokens'),
        audioSeconds: duration('seconds', 'prompt_audio_seconds'),
      },
    }),
  });
  const audioSeconds = readFields(answer, { name: 'answer' }).duration('duration');
  return present<AnswerFacts>({ ...facts, usage: facts.usage ?? usageOf({ audioSeconds }) });
}
