import { type Attribution, attributionDimensions, checkAttribution, withAttribution } from '@genops/core';

/** Attributes by any name: `team`, `customer_id`, `customerId`, `experiment_id`. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Spellings are not told apart: `customer_id`, `customer-id` and `customerId` are one name. */
const dimensionBySpelling = new Map(
  attributionDimensions
    .filter((dimension) => dimension !== 'keyId')
    .map((dimension) => [spelling(dimension), dimension]),
);

/**
 * Sorts attributes into the dimensions that have a name of their own and tags, which are all the others.
 *
 * @throws {ConfigurationError} for a value that is not short, printable text
 */
export function attributionOf(attributes: Attributes): Attribution {
  const named: Record<string, string> = {};
  const tags: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    const dimension = dimensionBySpelling.get(spelling(name));
    if (dimension === undefined) tags[name] = String(value);
    else named[dimension] = String(value);
  }
  return checkAttribution(Object.keys(tags).length === 0 ? named : { ...named, tags });
}

/**
 * `withAttribution` for attributes that nobody foresaw: names that are not dimensions become tags.
 *
 * @throws {ConfigurationError} for a value that is not short, printable text
 */
export function withAttributes<Result>(attributes: Attributes, action: () => Result): Result {
  return withAttribution(attributionOf(attributes), action);
}

function spelling(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '');
}
