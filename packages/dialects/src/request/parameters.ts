import { describe, InvalidRequestError } from '@genops/core';
import { memberValue, type Outline } from '../json/outline.ts';
import { closeBracket, openBracket, quote, type Span, skipSpace } from '../json/scan.ts';

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
export function countParameter(object: Outline, key: string, range: CountRange = {}): number | undefined {
  const value = memberValue(object, key) ?? undefined;
  return value === undefined ? undefined : checkCount(key, value, range);
}

export interface CountRange {
  /** @default 1 */
  readonly least?: number;
  /** @default no limit but that of exact integers */
  readonly most?: number;
}

/** @throws {InvalidRequestError} when it is no integer in the range */
export function checkCount(key: string, value: unknown, { least = 1, most }: CountRange = {}): number {
  const limit = most ?? Number.MAX_SAFE_INTEGER;
  if (!(Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= limit)) {
    const expectation =
      most === undefined ? `an integer from ${least} on` : `an integer from ${least} to ${most}`;
    throw wrong(key, value, expectation);
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

/**
 * Input that is text or a list with something in it.
 *
 * @throws {InvalidRequestError} when it is anything else
 */
export function requireTextOrList(object: Outline, key: string): void {
  const span = object.members.get(key);
  if (span !== undefined && object.bytes[span.start] === quote) return;
  requireList(object, key);
}

/** True when something other than `null` stands there. */
export function isGiven(object: Outline, key: string): boolean {
  const span = object.members.get(key);
  return span !== undefined && !isNull(object.bytes, span);
}

/** True when a value's bytes hold this text: a cheap look before a value is parsed. */
export function mentions(object: Outline, key: string, text: string): boolean {
  const span = object.members.get(key);
  return span !== undefined && object.bytes.subarray(span.start, span.end).includes(text);
}

/** Only one value begins with an "n". */
export function isNull(bytes: Buffer, span: Span): boolean {
  return bytes[span.start] === 0x6e;
}
