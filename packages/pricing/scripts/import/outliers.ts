import { Decimal, type Meter } from '@genops/core';
import { countsTokens } from '../../src/meter-facts.ts';
import type { Rate, RateGroup } from '../../src/schema.ts';
import type { SourceListing } from './listing.ts';

/** Per million tokens. Nothing real has ever cost more, or so little that is not nothing. */
const highest = new Decimal('1000');
const lowest = new Decimal('0.00001');
/** Two sources further apart than this do not mean the same thing. */
const farApart = '10';

/** @returns what is wrong with the listing, when its prices cannot be */
export function findOutlier(
  { provider, model, versions }: SourceListing,
  source: string,
): string | undefined {
  for (const group of versions.flatMap(({ rates = [] }) => rates)) {
    for (const [meter, amount] of amountsOf(group)) {
      if (!countsTokens(meter) || amount.eq('0')) continue;
      if (amount.gt(highest) || amount.lt(lowest)) {
        return `${provider}/${model}: ${source} has ${meter} at ${amount.toFixed()} per million tokens`;
      }
    }
  }
  return undefined;
}

/** True when one price is more than ten times the other. */
export function isFarApart(left: Decimal, right: Decimal): boolean {
  return left.gt(right.times(farApart)) || right.gt(left.times(farApart));
}

/** The prices of a group, conditions left out. */
export function amountsOf(group: RateGroup): readonly (readonly [Meter, Decimal])[] {
  return Object.entries(group)
    .filter(([key]) => key !== 'when' && key !== 'source')
    .map(([meter, rate]) => [meter as Meter, new Decimal(amountText(rate as Rate))]);
}

export function amountText(rate: Rate): string {
  return typeof rate === 'string' ? rate : rate.amount;
}
