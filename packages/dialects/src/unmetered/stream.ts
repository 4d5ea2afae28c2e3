import { serverSentEvents } from '../stream/server-sent-events.ts';
import type { StreamShape } from '../stream/stream-reader.ts';

/** Of formats that are never streamed, or whose streams tell nothing. */
export const silentStream: StreamShape = {
  framing: serverSentEvents,
  answer: { about: () => ({}), usage: () => ({}) },
  fold: (answer) => answer,
  outputTexts: () => [],
};
