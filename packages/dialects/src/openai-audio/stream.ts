import { serverSentEvents } from '../stream/server-sent-events.ts';
import { foldMembers, type StreamShape } from '../stream/stream-reader.ts';
import type { AnswerShape } from '../usage/answer.ts';
import { at } from '../usage/fields.ts';

/** Streamed speech or a streamed transcription: usage comes with the event that says it is done. */
export function audioStream(answer: AnswerShape): StreamShape {
  return {
    framing: serverSentEvents,
    answer,
    fold: (told, event) => foldMembers(told, { usage: at(event, 'usage'), error: at(event, 'error') }),
    outputTexts: (event) => (at(event, 'type') === 'transcript.text.delta' ? [at(event, 'delta')] : []),
    ends: (event) => ['transcript.text.done', 'speech.audio.done'].includes(String(at(event, 'type'))),
  };
}
