import { serverSentEvents } from '../stream/server-sent-events.ts';
import { foldMembers, type StreamShape } from '../stream/stream-reader.ts';
import { at } from '../usage/fields.ts';
import { cohereAnswer } from './usage.ts';

/** A streamed chat of Cohere: the event that ends the message has its usage. */
export const cohereStream: StreamShape = {
  framing: serverSentEvents,
  answer: cohereAnswer,
  fold: (answer, event) =>
    foldMembers(answer, {
      id: at(event, 'id'),
      usage: at(event, 'delta.usage'),
      error: at(event, 'delta.error') ?? at(event, 'error'),
    }),
  outputTexts: (event) => madeAt.map((path) => at(event, `delta.message.${path}`)),
  ends: (event) => at(event, 'type') === 'message-end',
};

/** Where the deltas of a message hold what the model made. */
const madeAt = [
  'content.text',
  'content.thinking',
  'tool_plan',
  'tool_calls.function.name',
  'tool_calls.function.arguments',
];
