import { type Attribution, attributeOf, attributionDimensions, type Call } from '@genops/core';
import { closest } from 'fastest-levenshtein';

/** What rules and scopes can ask about a call. */
export type CallDimensions = Pick<Call, 'provider' | 'operation' | 'requestModel' | 'attribution'> & {
  readonly region?: string;
  readonly route?: string;
};

/** One dimension of a call by its name: `provider`, `model`, `operation`, `team`, `tags.<name>` … */
export function dimensionOf(call: CallDimensions, name: string): string | undefined {
  switch (name) {
    case 'provider':
      return call.provider;
    case 'model':
      return call.requestModel;
    case 'operation':
      return call.operation;
    case 'region':
      return call.region;
    case 'route':
      return call.route;
    default:
      return attributeOf(call.attribution satisfies Attribution, name);
  }
}

const named: readonly string[] = [
  'provider',
  'model',
  'operation',
  'region',
  'route',
  ...attributionDimensions,
];

/** What others call them. */
const otherNames: Readonly<Record<string, string>> = {
  requestmodel: 'model',
  genaiprovidername: 'provider',
  customer: 'customerId',
  user: 'userId',
  key: 'keyId',
  org: 'organization',
};

/**
 * What is wrong with the name of a dimension. Nothing would ever have a value there: a rule would be silent, a
 * limit would bind nobody. Whatever nobody foresaw is a tag, `tags.<name>`.
 *
 * @returns `undefined` for a good one
 */
export function dimensionProblem(name: string): string | undefined {
  if (named.includes(name) || /^tags\../.test(name)) return undefined;
  const expected = `expected one of ${named.join(', ')}, or tags.<name>`;
  if (name === 'tags') return `no call has the dimension "tags": ${expected}`;
  return `no call has the dimension "${name}": did you mean "${nearest(name)}"? ${expected}`;
}

function nearest(name: string): string {
  const bare = name.replace(/^(attribution|call)\./i, '');
  const tag = /^(?:tags?|labels?|metadata)[.:/](.+)$/i.exec(bare)?.[1];
  if (tag !== undefined) return `tags.${tag}`;
  const letters = (text: string): string => text.toLowerCase().replace(/[^a-z]/g, '');
  const asked = letters(bare);
  const found = otherNames[asked] ?? named.find((one) => letters(one) === asked);
  if (found !== undefined) return found;
  const closestOne = closest(bare, named as string[]);
  // Of an attribute that nobody foresaw, nothing is near.
  return name !== bare && !closestOne.startsWith(bare.slice(0, 2)) ? `tags.${bare}` : closestOne;
}
