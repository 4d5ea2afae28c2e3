import { type Strategy, waitMs } from './strategy.ts';

/** The one that answers soonest first, as measured. */
export const latency: Strategy = {
  name: 'latency',
  keys: 'load',
  score: (candidate, { fastestMs, stream }) => fastestMs / waitMs(candidate, stream),
  reason: (candidate, { stream }) =>
    `${stream ? 'first token' : 'answer'} in ${Math.round(waitMs(candidate, stream))} ms`,
};
