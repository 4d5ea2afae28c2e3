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
  // Answers have few fields and formats know many, so the answer is walked once and each rule looks its path up.
  const values = new Map<string, unknown>();
  if (typeof usage === 'object' && usage !== null) collectFields(values, usage, '', 1);
  const read = new Set<string>();

  function fieldsBelow(prefix: string): UsageFields {
    function number(path: string, expectation: string): number | undefined {
      const whole = prefix + path;
      const value = values.get(whole);
      if (value === undefined) return undefined;
      read.add(whole);
      if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
        throw new UsageError(`${options.name}.${whole}`, value, expectation);
      }
      return value;
    }

    function integer(path: string): number | undefined {
      const value = number(path, aCount);
      if (value === undefined || Number.isSafeInteger(value)) return value;
      throw new UsageError(`${options.name}.${prefix}${path}`, value, aCount);
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
      value: (path) => values.get(prefix + path),
      list(path) {
        const list = values.get(prefix + path);
        if (!Array.isArray(list)) return [];
        return list.map((_, index) => fieldsBelow(`${prefix}${path}.${index}.`));
      },
      unread() {
        const paths: string[] = [];
        for (const [path, value] of values) {
          if (typeof value !== 'number' || read.has(path) || options.known?.has(path)) continue;
          paths.push(`${options.name}.${path}`);
          if (paths.length === maximumUnread) break;
        }
        return paths;
      },
    };
  }

  return fieldsBelow('');
}

const aCount = 'a non-negative integer below 2^53';

/** Reads all of them, so that none is left unread. */
function firstOf(paths: readonly string[], read: (path: string) => number | undefined): number | undefined {
  let first: number | undefined;
  for (const path of paths) {
    const value = read(path);
    first ??= value;
  }
  return first;
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
  if (!path.includes('.')) return member(value, path);
  let current = value;
  for (const key of path.split('.')) current = member(current, key);
  return current;
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
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

/** Everything that an object says, by path, in the order of the object; `null` says nothing. */
function collectFields(fields: Map<string, unknown>, value: object, prefix: string, level: number): void {
  for (const key of Object.keys(value)) {
    const field = (value as Readonly<Record<string, unknown>>)[key] ?? undefined;
    if (field === undefined) continue;
    const path = prefix + key;
    fields.set(path, field);
    if (typeof field === 'object' && level < maximumLevels) {
      collectFields(fields, field, `${path}.`, level + 1);
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
