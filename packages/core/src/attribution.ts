import { AsyncLocalStorage } from 'node:async_hooks';
import { ConfigurationError, describe } from './errors.ts';

/** For whom a call is made. The named dimensions come from the GenOps specification; anything else is a tag. */
export interface Attribution {
  readonly organization?: string;
  readonly team?: string;
  readonly project?: string;
  readonly environment?: string;
  readonly customerId?: string;
  readonly userId?: string;
  readonly feature?: string;
  readonly costCenter?: string;
  readonly sessionId?: string;
  readonly workflow?: string;
  /** The virtual key that a proxy caller presented: its id, never its secret. */
  readonly keyId?: string;
  /** Dimensions nobody foresaw. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** The dimensions with a name of their own. */
export const attributionDimensions = [
  'organization',
  'team',
  'project',
  'environment',
  'customerId',
  'userId',
  'feature',
  'costCenter',
  'sessionId',
  'workflow',
  'keyId',
] as const satisfies readonly (keyof Attribution)[];

export type AttributionDimension = (typeof attributionDimensions)[number];

const contextSymbol = Symbol.for('@genops/attribution-context');
const holder = globalThis as { [contextSymbol]?: AsyncLocalStorage<Attribution> };

/** One context for the process, also when several copies of this package are loaded. */
function context(): AsyncLocalStorage<Attribution> {
  holder[contextSymbol] ??= new AsyncLocalStorage<Attribution>();
  return holder[contextSymbol];
}

/**
 * Runs `action` with these attributes on every governed call made inside it, also after an `await`.
 * Inner attributes win over outer ones; tags are merged.
 *
 * @throws {ConfigurationError} when an attribute is not text, is too long, or is neither a dimension nor a tag
 */
export function withAttribution<Result>(attribution: Attribution, action: () => Result): Result {
  return context().run(mergeAttribution(currentAttribution(), checkAttribution(attribution)), action);
}

/** The attributes in force here; empty outside any {@link withAttribution}. */
export function currentAttribution(): Attribution {
  return context().getStore() ?? {};
}

/** The later argument wins, dimension by dimension; tags are merged name by name. */
export function mergeAttribution(...layers: readonly Attribution[]): Attribution {
  const merged: Record<string, unknown> = {};
  let tags: Record<string, string> | undefined;
  for (const layer of layers) {
    for (const dimension of attributionDimensions) {
      if (layer[dimension] !== undefined) merged[dimension] = layer[dimension];
    }
    if (layer.tags !== undefined) tags = { ...tags, ...layer.tags };
  }
  if (tags !== undefined) merged['tags'] = tags;
  return merged as Attribution;
}

/** Longest value of one attribute, and the most tags on one call. */
export const attributionLimits = { valueCharacters: 256, tags: 32 } as const;

const members: ReadonlySet<string> = new Set([...attributionDimensions, 'tags']);

/**
 * @returns the same attributes
 * @throws {ConfigurationError} naming the first attribute that is not short, printable text, or no dimension
 */
export function checkAttribution(attribution: Attribution): Attribution {
  for (const [name, value] of Object.entries(attribution)) {
    if (value !== undefined && !members.has(name))
      throw new ConfigurationError(
        `attribution.${name}`,
        'expected a dimension; what nobody foresaw goes into `tags`',
      );
  }
  for (const dimension of attributionDimensions) {
    const value = attribution[dimension];
    if (value !== undefined) checkValue(`attribution.${dimension}`, value);
  }
  const tags = Object.entries(attribution.tags ?? {});
  if (tags.length > attributionLimits.tags) {
    throw new ConfigurationError(
      'attribution.tags',
      `expected at most ${attributionLimits.tags} tags, got ${tags.length}`,
    );
  }
  for (const [name, value] of tags) {
    checkValue('attribution.tags (name)', name);
    checkValue(`attribution.tags.${name}`, value);
  }
  return attribution;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const unprintable = /[\u0000-\u001f\u007f]/;

function checkValue(path: string, value: unknown): void {
  const good =
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= attributionLimits.valueCharacters &&
    !unprintable.test(value);
  if (!good) {
    const expectation = `expected 1 to ${attributionLimits.valueCharacters} printable characters, got ${describe(value)}`;
    throw new ConfigurationError(path, expectation);
  }
}

/** One dimension of a call by its name: `team`, `customerId`, or `tags.<name>`. */
export function attributeOf(attribution: Attribution, dimension: string): string | undefined {
  if (dimension.startsWith('tags.')) {
    const tags = attribution.tags;
    const name = dimension.slice('tags.'.length);
    return tags !== undefined && Object.hasOwn(tags, name) ? tags[name] : undefined;
  }
  return Object.hasOwn(attribution, dimension)
    ? (attribution[dimension as AttributionDimension] as string)
    : undefined;
}
