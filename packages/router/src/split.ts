import { ConfigurationError } from '@genops/core';
import { seededRandom } from './measure/random.ts';

/** Sends a share of the traffic somewhere else: a canary, or the arms of an experiment. */
export interface Split {
  /** Part of what decides, so that two experiments do not pick the same callers. */
  readonly name: string;
  /** Target ids with their shares; they need not add up to anything, and may be as small as you please. */
  readonly shares: Readonly<Record<string, number>>;
}

/**
 * The arm that a unit (a session, else a request) belongs to: always the same one for the same unit, on
 * every replica.
 *
 * @throws {ConfigurationError} when no share is above zero, or one is below
 */
export function splitArm(split: Split, unit: string): string {
  const arms = Object.entries(split.shares);
  let total = 0;
  for (const [target, share] of arms) {
    if (!(share >= 0 && share < Number.POSITIVE_INFINITY)) {
      throw new ConfigurationError(`split.shares.${target}`, `expected a number from 0 up, got ${share}`);
    }
    total += share;
  }
  if (total === 0) throw new ConfigurationError('split.shares', 'expected one share above 0');
  let point = seededRandom(`${split.name}\n${unit}`)() * total;
  for (const [target, share] of arms) {
    if (point < share) return target;
    point -= share;
  }
  return (arms.findLast(([, share]) => share > 0) as [string, number])[0];
}

/** True for so large a share of all units, always the same ones: what is mirrored, for example. */
export function inShare(name: string, share: number, unit: string): boolean {
  return seededRandom(`${name}\n${unit}`)() < share;
}
