import { messageStream } from '../anthropic-messages/stream.ts';
import { awsEventStream } from '../stream/aws-event-stream.ts';
import { foldMembers, type StreamShape } from '../stream/stream-reader.ts';
import { at, listAt, textAt } from '../usage/fields.ts';
import { invokeAnswer, metricsKey } from './usage.ts';

/**
 * A streamed answer of InvokeModel: each event holds one of the maker's own, and the last of these has what
 * the service counted.
 */
export const invokeStream: StreamShape = {
  framing: awsEventStream,
  answer: invokeAnswer,
  fold(answer, event, name) {
    if (name?.endsWith('Exception')) {
      return foldMembers(answer, { error: { message: at(event, 'message'), code: name } });
    }
    const inner = innerOf(event);
    const folded = messageStream.fold(answer, inner);
    return foldMembers(folded, {
      usage:
        at(inner, 'type') === undefined ? (at(inner, 'metadata.usage') ?? at(inner, 'usage')) : undefined,
      [metricsKey]: at(inner, metricsKey),
    });
  },
  outputTexts(event) {
    const inner = innerOf(event);
    return [
      ...messageStream.outputTexts(inner),
      ...madeAt.map((path) => at(inner, path)),
      ...listAt(inner, 'choices').map((choice) => at(choice, 'delta.content')),
      ...listAt(inner, 'outputs').map((output) => at(output, 'text')),
    ];
  },
  ends: (event) => at(innerOf(event), metricsKey) !== undefined,
};

/** Where events of Amazon's, Meta's and Cohere's models hold what was made. */
const madeAt = ['contentBlockDelta.delta.text', 'outputText', 'generation', 'text'];

/** @returns `undefined` when it holds nothing that can be read */
function innerOf(event: unknown): unknown {
  const encoded = textAt(event, 'bytes');
  if (encoded === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
  } catch {
    return undefined;
  }
}
