import { serverSentEvents } from '../stream/server-sent-events.ts';
import { foldMembers, type StreamShape } from '../stream/stream-reader.ts';
import { at, textAt } from '../usage/fields.ts';
import { responsesAnswer } from './usage.ts';

/** A streamed answer of the Responses API: its last event carries the whole one. */
export const responsesStream: StreamShape = {
  framing: serverSentEvents,
  answer: responsesAnswer,
  fold(answer, event) {
    if (at(event, 'type') === 'error') return foldMembers(answer, { error: at(event, 'error') ?? event });
    const response = at(event, 'response');
    return typeof response === 'object' && response !== null ? foldMembers(answer, { ...response }) : answer;
  },
  outputTexts(event) {
    const type = textAt(event, 'type') ?? '';
    if (type === 'response.output_item.added') return [at(event, 'item.name')];
    return type.endsWith('.delta') && !type.endsWith('audio.delta') ? [at(event, 'delta')] : [];
  },
  varying: ['sequence_number', 'obfuscation'],
  ends: (event) => /^response\.(completed|incomplete|failed)$/.test(textAt(event, 'type') ?? ''),
};
