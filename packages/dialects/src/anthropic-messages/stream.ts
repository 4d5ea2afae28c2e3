import { serverSentEvents } from '../stream/server-sent-events.ts';
import { foldMembers, type StreamShape } from '../stream/stream-reader.ts';
import { at } from '../usage/fields.ts';
import { messageAnswer } from './usage.ts';

type Members = Readonly<Record<string, unknown>>;

/**
 * A streamed message. Counters in `message_delta` are cumulative: each replaces the one before, and `null`
 * leaves it as it was.
 */
export const messageStream: StreamShape = {
  framing: serverSentEvents,
  answer: messageAnswer,
  fold(message, event) {
    switch (at(event, 'type')) {
      case 'message_start':
        return foldMembers(message, membersOf(at(event, 'message')));
      case 'message_delta': {
        const usage = foldMembers(membersOf(at(message, 'usage')), membersOf(at(event, 'usage')));
        return foldMembers(message, { usage: withoutStaleLifetimes(usage) });
      }
      case 'error':
        return foldMembers(message, { error: at(event, 'error') });
      default:
        return message;
    }
  },
  outputTexts,
  ends: (event) => at(event, 'type') === 'message_stop',
};

/** Text, thinking and what tools are called with. */
function outputTexts(event: unknown): readonly unknown[] {
  switch (at(event, 'type')) {
    case 'content_block_delta':
      return ['delta.text', 'delta.thinking', 'delta.partial_json'].map((path) => at(event, path));
    case 'content_block_start':
      return [at(event, 'content_block.name')];
    default:
      return [];
  }
}

/** Lifetimes come with the start only; they are of no use once the total has fallen below their sum. */
function withoutStaleLifetimes(usage: object): object {
  const { cache_creation: lifetimes, ...rest } = usage as Members;
  const sum = Object.values(membersOf(lifetimes)).reduce<number>(
    (total, tokens) => total + Number(tokens),
    0,
  );
  const total = at(usage, 'cache_creation_input_tokens');
  return typeof total === 'number' && sum > total ? rest : usage;
}

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}
