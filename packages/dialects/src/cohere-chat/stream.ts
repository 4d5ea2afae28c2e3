import { serverSentEvents } from '../stream/server-sent-events.ts';
import { foldMembers, type StreamShape, textBytes } from '../stream/stream-reader.ts';
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
  outputBytes,
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

function outputBytes(event: unknown): number {
  const message = at(event, 'delta.message');
  return madeAt.map((path) => textBytes(at(message, path))).reduce((sum, bytes) => sum + bytes);
}
