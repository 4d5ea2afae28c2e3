import { Decimal, type Money, money, UsageError } from '@genops/core';

/** The numbers that an answer says about usage, and which of them a rule has read. */
export interface UsageFields {
  /**
   * A counter by its path; `undefined` when it is absent or null. Of several paths, other names of one
   * counter, the first that is there.
   *
   * @throws {UsageError} for anything but a non-negative integer
   */
  count(...paths: readonly string[]): number | undefined;
  /** A duration likewise, rounded up to whole units. @throws {UsageError} when negative or no number */
  duration(...paths: readonly string[]): number | undefined;
  /** An amount of money as the provider wrote it. @throws {UsageError} when negative or no number */
  amount(path: string): Decimal | undefined;
  /** What stands at a path, as parsed. */
  value(path: string): unknown;
  /** The fields of each element of a list. */
  list(path: string): readonly UsageFields[];
  /** Paths of numbers that nothing has read. */
  unread(): readonly string[];
}

/** More unread fields than this are not listed. */
const maximumUnread = 32;
/** Deeper than any usage object goes. */
const maximumLevels = 6;

/**
 * @param usage - the usage object as parsed; anything else has no fields
 * @param options.name - put before paths in errors and in {@link UsageFields.unread}: `usage`
 * @param options.known - paths of numbers that repeat what others say, or that cost nothing
 */
export function readFields(
  usage: unknown,
  options: { readonly name: string; readonly known?: ReadonlySet<string> },
): UsageFields {
  const read = new Set<string>();

  function fieldsBelow(prefix: string): UsageFields {
    function number(path: string, expectation: string): number | undefined {
      const whole = prefix + path;
      read.add(whole);
      const value = at(usage, whole) ?? undefined;
      if (value === undefined) return undefined;
      if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
        throw new UsageError(`${options.name}.${whole}`, value, expectation);
      }
      return value;
    }

    function integer(path: string): number | undefined {
      const expectation = 'a non-negative integer below 2^53';
      const value = number(path, expectation);
      if (value === undefined || Number.isSafeInteger(value)) return value;
      throw new UsageError(`${options.name}.${prefix}${path}`, value, expectation);
    }

    return {
      count: (...paths) => firstOf(paths, integer),
      duration: (...paths) =>
        firstOf(paths, (path) => {
          const value = number(path, 'a non-negative number');
          return value === undefined ? undefined : Math.ceil(value);
        }),
      amount(path) {
        const value = number(path, 'a non-negative amount');
        return value === undefined ? undefined : exactDecimal(value);
      },
      value: (path) => at(usage, prefix + path),
      list: (path) =>
        listAt(usage, prefix + path).map((_, index) => fieldsBelow(`${prefix}${path}.${index}.`)),
      unread() {
        const paths: string[] = [];
        for (const path of numberPaths(usage)) {
          if (!read.has(path) && !options.known?.has(path)) paths.push(`${options.name}.${path}`);
          if (paths.length === maximumUnread) break;
        }
        return paths;
      },
    };
  }

  return fieldsBelow('');
}

/** Reads all of them, so that none is left unread. */
function firstOf(paths: readonly string[], read: (path: string) => number | undefined): number | undefined {
  return paths.map(read).find((value) => value !== undefined);
}

/** The shortest decimal that reads back as this number, which is what the provider's JSON said. */
function exactDecimal(value: number): Decimal {
  return new Decimal(String(value));
}

/** A reported amount as money; `undefined` stays so. */
export function reportedMoney(amount: Decimal | undefined): Money | undefined {
  return amount === undefined ? undefined : money(amount, 'USD');
}

/** What stands at a path of own keys, as `usage.prompt_tokens_details`; `undefined` when there is nothing. */
export function at(value: unknown, path: string): unknown {
  let current = value;
  for (const key of path.split('.')) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}

/** Non-empty text at a path, else `undefined`. */
export function textAt(value: unknown, path: string): string | undefined {
  const found = at(value, path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** The list at a path, else an empty one. */
export function listAt(value: unknown, path: string): readonly unknown[] {
  const found = at(value, path);
  return Array.isArray(found) ? found : [];
}

function* numberPaths(value: unknown, path = '', level = 1): Generator<string> {
  if (typeof value === 'number') yield path;
  else if (typeof value === 'object' && value !== null && level <= maximumLevels) {
    for (const [key, inner] of Object.entries(value)) {
      yield* numberPaths(inner, path === '' ? key : `${path}.${key}`, level + 1);
    }
  }
}

/** An object without the members that are `undefined`. */
export function present<Facts extends object>(
  facts: {
    readonly [Key in keyof Facts]: Facts[Key] | undefined;
  },
): Facts {
  const kept: Partial<Facts> = {};
  for (const key of Object.keys(facts) as (keyof Facts)[]) {
    const value = facts[key];
    if (value !== undefined) kept[key] = value as Facts[keyof Facts];
  }
  return kept as Facts;
}
