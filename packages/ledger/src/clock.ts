import type { Moment } from './plan-draw.ts';

export type Clock = () => Moment;

/**
 * Reads the time of day for calendar windows, and a clock that is never set for everything that lasts: when
 * somebody sets the time of day, no hold expires early and no rate starts anew.
 *
 * @param now - in place of the machine's clocks; then both are this one
 */
export function createClock(now: (() => Date) | undefined): Clock {
  if (now === undefined) {
    const origin = Date.now() - performance.now();
    return () => ({ wall: Date.now(), steady: Math.floor(origin + performance.now()) });
  }
  let steady = Number.NEGATIVE_INFINITY;
  return () => {
    const wall = now().getTime();
    steady = Math.max(steady, wall);
    return { wall, steady };
  };
}
