import type { Attributes } from '@opentelemetry/api';
import { type Facts, isOpen } from './facts.ts';

/** What stands for values that there were too many of. */
export const otherValue = 'other';

/** Makes the attributes of measurements, of so many different kinds at most. */
export type LabelMaker = (facts: Facts) => Attributes;

/**
 * Turns facts into labels, and keeps the number of series small: from the most on, facts that can have any
 * number of values become `other` in series that are new.
 *
 * @param labels - pairs of a label and the fact that it shows
 * @param onOverflow - called for each measurement that lost its labels
 */
export function createLabelMaker(
  labels: readonly (readonly [label: string, fact: string])[],
  maxSeries: number,
  onOverflow: () => void,
): LabelMaker {
  const seen = new Map<string, Attributes>();
  return (facts) => {
    let key = '';
    for (const [, fact] of labels) key += `${facts[fact] ?? ''}\u0001`;
    const known = seen.get(key);
    if (known !== undefined) return known;
    if (seen.size < maxSeries) {
      const attributes = attributesOf(labels, facts);
      seen.set(key, attributes);
      return attributes;
    }
    onOverflow();
    return attributesOf(labels, facts, otherValue);
  };
}

function attributesOf(
  labels: readonly (readonly [label: string, fact: string])[],
  facts: Facts,
  instead?: string,
): Attributes {
  const attributes: Attributes = {};
  for (const [label, fact] of labels) {
    const value = facts[fact];
    if (value !== undefined) attributes[label] = instead !== undefined && isOpen(fact) ? instead : value;
  }
  return attributes;
}
