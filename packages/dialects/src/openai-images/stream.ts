import { serverSentEvents } from '../stream/server-sent-events.ts';
import { foldMembers, type StreamShape } from '../stream/stream-reader.ts';
import { at, textAt } from '../usage/fields.ts';
import { imagesAnswer } from './usage.ts';

/** A streamed image: previews, then the finished one with its usage. */
export const imagesStream: StreamShape = {
  framing: serverSentEvents,
  answer: imagesAnswer,
  fold: (answer, event) => foldMembers(answer, { usage: at(event, 'usage'), error: at(event, 'error') }),
  outputTexts: () => [],
  ends: (event) => /^image_(generation|edit)\.completed$/.test(textAt(event, 'type') ?? ''),
};
