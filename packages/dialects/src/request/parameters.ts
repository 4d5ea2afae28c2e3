import { describe, InvalidRequestError } from '@genops/core';
import { memberValue, type Outline } from '../json/outline.ts';
import { closeBracket, openBracket, skipSpace } from '../json/scan.ts';

/** Longest model name accepted; ARNs of inference profiles are the longest that exist. */
const maximumNameCharacters = 512;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const unprintable = /[\u0000-\u001f\u007f]/;

/**
 * A name that may go into a URL, a header or a log: printable and not endless.
 *
 * @throws {InvalidRequestError} when it is anything else
 */
export function nameParameter(object: Outline, key: string): string | undefined {
  const value = memberValue(object, key) ?? undefined;
  return value === undefined ? undefined : checkName(key, value);
}

/** @throws {InvalidRequestError} when it is not a name */
export function checkName(key: string, value: unknown): string {
  const good =
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= maximumNameCharacters &&
    !unprintable.test(value) &&
    value.isWellFormed();
  if (!good) throw wrong(key, value, `1 to ${maximumNameCharacters} printable characters`);
  return value;
}

/**
 * A count such as `max_tokens`; `null` counts as not set, as it does for every provider.
 *
 * @throws {InvalidRequestError} for zero, negative, fractional and infinite numbers and for text: some
 * provider reads each of these as "no limit"
 */
export function countParameter(object: Outline, key: string, most?: number): number | undefined {
  const value = memberValue(object, key) ?? undefined;
  if (value === undefined) return undefined;
  const limit = most ?? Number.MAX_SAFE_INTEGER;
  if (!(Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= limit)) {
    throw wrong(key, value, most === undefined ? 'a positive integer' : `an integer from 1 to ${most}`);
  }
  return value as number;
}

/** @throws {InvalidRequestError} when it is neither true, false nor null */
export function flagParameter(object: Outline, key: string): boolean | undefined {
  const value = memberValue(object, key) ?? undefined;
  if (value !== undefined && typeof value !== 'boolean') throw wrong(key, value, 'true or false');
  return value;
}

/** Text at a key that is only passed on to pricing; anything else is left to the provider. */
export function textParameter(object: Outline, key: string): string | undefined {
  const span = object.members.get(key);
  if (span === undefined || span.end - span.start > 6 * maximumNameCharacters) return undefined;
  const value = memberValue(object, key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** @throws {InvalidRequestError} when it is absent, no array, or empty */
export function requireList(object: Outline, key: string): void {
  const span = object.members.get(key);
  if (span === undefined) throw new InvalidRequestError(`The parameter "${key}" is missing`, key);
  const [first, second] = [object.bytes[span.start], object.bytes[skipSpace(object.bytes, span.start + 1)]];
  if (first !== openBracket || second === closeBracket) {
    throw new InvalidRequestError(`The parameter "${key}" must be an array with at least one element`, key);
  }
}

export function wrong(key: string, value: unknown, expectation: string): InvalidRequestError {
  return new InvalidRequestError(
    `The parameter "${key}" must be ${expectation}, not ${describe(value)}`,
    key,
  );
}
