import { awsEventStream } from '../stream/aws-event-stream.ts';
import { foldMembers, type StreamShape } from '../stream/stream-reader.ts';
import { at } from '../usage/fields.ts';
import { converseAnswer } from './usage.ts';

/** A streamed answer of Converse: its last event, `metadata`, has the usage. */
export const converseStream: StreamShape = {
  framing: awsEventStream,
  answer: converseAnswer,
  fold(answer, event, name) {
    if (name === 'metadata') return foldMembers(answer, { ...(event as object) });
    if (name?.endsWith('Exception')) {
      return foldMembers(answer, { error: { message: at(event, 'message'), code: name } });
    }
    return answer;
  },
  outputTexts: (event) => madeAt.map((path) => at(event, path)),
  ends: (_event, name) => name === 'metadata',
};

/** Where events hold what the model made. */
const madeAt = ['delta.text', 'delta.reasoningContent.text', 'delta.toolUse.input', 'start.toolUse.name'];
