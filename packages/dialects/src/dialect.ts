import type { Dialect } from '@genops/core';
import { createStreamReader, type StreamShape } from './stream/stream-reader.ts';
import { type AnswerShape, parseAnswer, readAnswer } from './usage/answer.ts';

/** What sets one format apart from the others. */
export type DialectParts = Pick<
  Dialect,
  'id' | 'operation' | 'openRequest' | 'renderError' | 'renderStreamError'
> & {
  readonly answer: AnswerShape;
  readonly stream: StreamShape;
};

/** Makes a dialect of a format's request, answer, stream and error. */
export function createDialect({ answer, stream, ...parts }: DialectParts): Dialect {
  return {
    ...parts,
    readAnswer(bytes) {
      const parsed = parseAnswer(bytes);
      // A stream that was sent as one JSON list, as Gemini does when it is not asked for events.
      const whole = Array.isArray(parsed)
        ? parsed.reduce<object>((told, event) => stream.fold(told, event), {})
        : parsed;
      return readAnswer(answer, whole);
    },
    createStreamReader: (options) => createStreamReader(stream, options),
  };
}
