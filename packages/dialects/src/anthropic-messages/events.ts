import type { AnswerFacts } from '@genops/core';
import { at } from '../usage/fields.ts';
import { readMessage } from './usage.ts';

/**
 * The message that a stream's events have told so far. Counters in `message_delta` are cumulative: each
 * replaces the one before, and `null` leaves it as it was.
 */
export function mergeMessageEvent(message: object, event: unknown): object {
  switch (at(event, 'type')) {
    case 'message_start':
      return { ...message, ...objectAt(event, 'message') };
    case 'message_delta':
      return { ...message, usage: mergeUsage(objectAt(message, 'usage'), objectAt(event, 'usage')) };
    case 'error':
      return { ...message, type: 'error', error: at(event, 'error') };
    default:
      return message;
  }
}

/** What all events of a stream say together. */
export function readMessageEvents(events: readonly unknown[]): AnswerFacts {
  return readMessage(events.reduce<object>(mergeMessageEvent, {}));
}

function mergeUsage(earlier: object, later: object): object {
  const told = Object.entries(later).filter(([, value]) => value !== null);
  return { ...earlier, ...Object.fromEntries(told) };
}

function objectAt(value: unknown, key: string): object {
  const found = at(value, key);
  return typeof found === 'object' && found !== null ? found : {};
}
