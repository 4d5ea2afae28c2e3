import type { Attributes } from '@opentelemetry/api';
import { type Facts, isOpen } from './facts.ts';

/** What stands for values that there were too many of. */
export const otherValue = 'other';

/** Pairs of a label and the fact that it shows. */
export type Labels = readonly (readonly [label: string, fact: string])[];

/** Makes the attributes of measurements, of so many different kinds at most. `more` wins over `facts`. */
export type LabelMaker = (facts: Facts, more?: Facts) => Attributes;

const none: Facts = {};

/**
 * Turns facts into labels, and keeps the number of series small: from the most on, facts that can have any
 * number of values become `other` in series that are new.
 *
 * @returns one and the same object for the same labels
 * @param onOverflow - called for each measurement that lost its labels
 */
export function createLabelMaker(labels: Labels, maxSeries: number, onOverflow: () => void): LabelMaker {
  const seen = new Map<string, Attributes>();
  const others = new Map<string, Attributes>();
  // One event is measured many times: what was made for it last is most often what is wanted next.
  let lastFacts: Facts | undefined;
  let lastMore: Facts | undefined;
  let last: Attributes = {};
  return (facts, more = none) => {
    if (facts === lastFacts && more === lastMore) return last;
    let key = '';
    for (const [, fact] of labels) key += `${more[fact] ?? facts[fact] ?? ''}\u0001`;
    const known = seen.get(key);
    if (known === undefined && seen.size >= maxSeries) {
      onOverflow();
      const folded = attributesOf(labels, facts, more, otherValue);
      const name = JSON.stringify(folded);
      const same = others.get(name) ?? folded;
      others.set(name, same);
      return same;
    }
    last = known ?? attributesOf(labels, facts, more);
    if (known === undefined) seen.set(key, last);
    lastFacts = facts;
    lastMore = more;
    return last;
  };
}

function attributesOf(labels: Labels, facts: Facts, more: Facts, instead?: string): Attributes {
  const attributes: Attributes = {};
  for (const [label, fact] of labels) {
    const value = more[fact] ?? facts[fact];
    if (value !== undefined) attributes[label] = instead !== undefined && isOpen(fact) ? instead : value;
  }
  return attributes;
}
