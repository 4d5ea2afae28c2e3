import { InvalidRequestError } from '@genops/core';

/** A part of the bytes: from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Members to look out for at any depth, by the exact name of their key. */
export interface Watch {
  readonly keys: readonly string[];
  /** Every one found, in the order of the bytes. What lies inside a found value is not searched. */
  readonly found: { readonly key: string; readonly span: Span }[];
}

/** One pass over the bytes of a JSON text. */
export interface Scan {
  readonly bytes: Buffer;
  /** Long strings are skipped without looking at every byte of them. */
  readonly skims: boolean;
}

/** Deepest nesting of objects and arrays that is accepted. */
export const maximumDepth = 64;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
export const openBrace = 0x7b;
const closeBrace = 0x7d;
export const openBracket = 0x5b;
export const closeBracket = 0x5d;

/** @returns where the next byte that is not white space stands */
export function skipSpace(bytes: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at += 1;
  }
}

/**
 * @param start - where the value begins
 * @returns where it ends
 * @throws {InvalidRequestError} naming what was expected and the byte where it was not found
 */
export function skipValue(scan: Scan, start: number, depth: number, watch?: Watch): number {
  switch (scan.bytes[start]) {
    case quote:
      return skipString(scan, start);
    case openBrace:
      return skipObject(scan, start, depth + 1, watch);
    case openBracket:
      return skipArray(scan, start, depth + 1, watch);
    case 0x74:
      return skipWord(scan, start, 'true');
    case 0x66:
      return skipWord(scan, start, 'false');
    case 0x6e:
      return skipWord(scan, start, 'null');
    default:
      return skipNumber(scan, start);
  }
}

/** Tells of one member of an object: where its key stands (without quotes), and where its value begins. */
export type OnMember = (keyStart: number, keyEnd: number, valueStart: number) => number;

/**
 * Walks over the members of an object.
 *
 * @param onMember - must give back where the value ends
 * @returns where the object ends
 */
export function skipMembers(scan: Scan, start: number, onMember: OnMember): number {
  const { bytes } = scan;
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === closeBrace) return at + 1;
  for (;;) {
    if (bytes[at] !== quote) fail(scan, at, 'a key in double quotes');
    const keyEnd = skipString(scan, at) - 1;
    const colonAt = skipSpace(bytes, keyEnd + 1);
    if (bytes[colonAt] !== colon) fail(scan, colonAt, '":"');
    const valueEnd = onMember(at + 1, keyEnd, skipSpace(bytes, colonAt + 1));
    at = skipSpace(bytes, valueEnd);
    if (bytes[at] === closeBrace) return at + 1;
    if (bytes[at] !== comma) fail(scan, at, '"," or "}"');
    at = skipSpace(bytes, at + 1);
  }
}

/** @returns the watched key that stands there, however it is escaped */
export function watchedKey(bytes: Buffer, watch: Watch, start: number, end: number): string | undefined {
  for (const key of watch.keys) {
    if (key.length === end - start ? bytesAre(bytes, start, key) : mayBeEscaped(bytes, start, end, key)) {
      return key;
    }
  }
  return undefined;
}

/** The text of a string whose bytes (without quotes) stand there. */
export function decodeString(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  if (!text.includes('\\')) return text;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    throw new InvalidRequestError(`The body is not valid JSON: bad escape after byte ${start}`);
  }
}

function skipObject(scan: Scan, start: number, depth: number, watch: Watch | undefined): number {
  if (depth > maximumDepth) failDepth(start);
  if (watch === undefined) {
    return skipMembers(scan, start, (_keyStart, _keyEnd, valueStart) => skipValue(scan, valueStart, depth));
  }
  return skipMembers(scan, start, (keyStart, keyEnd, valueStart) => {
    const key = watchedKey(scan.bytes, watch, keyStart, keyEnd);
    if (key === undefined) return skipValue(scan, valueStart, depth, watch);
    const end = skipValue(scan, valueStart, depth);
    watch.found.push({ key, span: { start: valueStart, end } });
    return end;
  });
}

function skipArray(scan: Scan, start: number, depth: number, watch: Watch | undefined): number {
  if (depth > maximumDepth) failDepth(start);
  const { bytes } = scan;
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === closeBracket) return at + 1;
  for (;;) {
    at = skipSpace(bytes, skipValue(scan, at, depth, watch));
    if (bytes[at] === closeBracket) return at + 1;
    if (bytes[at] !== comma) fail(scan, at, '"," or "]"');
    at = skipSpace(bytes, at + 1);
  }
}

/** Bytes looked at one by one before the search for the closing quote is left to native code. */
const nearBytes = 32;
/** A native search that ends sooner than this costs more than the bytes that it saves. */
const nativePaysBytes = 24;
/** Bytes looked at one by one after native searches have stopped paying: text full of quotes. */
const quotedTextBytes = 256;

/**
 * @param start - where the opening quote stands
 * @returns where the string ends, behind its closing quote
 */
function skipString(scan: Scan, start: number): number {
  const { bytes } = scan;
  let at = start + 1;
  let reach = scan.skims ? nearBytes : bytes.length;
  for (;;) {
    const near = closingQuote(scan, at, Math.min(at + reach, bytes.length));
    if (near < 0) return -near;
    at = near;
    if (at >= bytes.length) fail(scan, bytes.length, 'the closing quote of a string');
    const found = bytes.indexOf(quote, at);
    if (found === -1) fail(scan, bytes.length, 'the closing quote of a string');
    let run = found - 1;
    while (run >= at && bytes[run] === backslash) run -= 1;
    if ((found - run) % 2 === 1) return found + 1;
    reach = found - at < nativePaysBytes ? quotedTextBytes : 0;
    at = found + 1;
  }
}

/** @returns where to go on, or, negative, where the string ends. Kept small so that it is compiled well. */
function closingQuote(scan: Scan, start: number, end: number): number {
  const { bytes } = scan;
  let at = start;
  while (at < end) {
    const byte = bytes[at] as number;
    if (byte === quote) return -at - 1;
    if (byte === backslash) at = scan.skims ? at + 2 : skipEscape(scan, at);
    else if (byte < 0x20) fail(scan, at, 'no control character inside a string');
    else at += 1;
  }
  return at;
}

function skipEscape(scan: Scan, start: number): number {
  const { bytes } = scan;
  const kind = bytes[start + 1];
  if (kind === 0x75) {
    for (let at = start + 2; at < start + 6; at += 1) {
      if (!isHexDigit(bytes[at])) fail(scan, at, 'four hexadecimal digits');
    }
    return start + 6;
  }
  if (kind === undefined || !'"\\/bfnrt'.includes(String.fromCharCode(kind)))
    fail(scan, start, 'a valid escape');
  return start + 2;
}

function isHexDigit(byte: number | undefined): boolean {
  return (
    byte !== undefined &&
    ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66))
  );
}

function skipWord(scan: Scan, start: number, word: 'true' | 'false' | 'null'): number {
  if (!bytesAre(scan.bytes, start, word)) fail(scan, start, 'a value');
  return start + word.length;
}

function skipNumber(scan: Scan, start: number): number {
  const { bytes } = scan;
  const first = bytes[start] === 0x2d ? start + 1 : start;
  let at = bytes[first] === 0x30 ? first + 1 : skipDigits(scan, first);
  if (bytes[at] === 0x2e) at = skipDigits(scan, at + 1);
  if (bytes[at] === 0x65 || bytes[at] === 0x45) {
    const sign = bytes[at + 1] === 0x2b || bytes[at + 1] === 0x2d;
    at = skipDigits(scan, at + (sign ? 2 : 1));
  }
  return at;
}

function skipDigits(scan: Scan, start: number): number {
  const { bytes } = scan;
  let at = start;
  for (;;) {
    const byte = bytes[at];
    if (byte === undefined || byte < 0x30 || byte > 0x39) break;
    at += 1;
  }
  if (at === start) fail(scan, start, 'a value');
  return at;
}

function bytesAre(bytes: Buffer, start: number, text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (bytes[start + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

/** An escape is longer than what it stands for, by at most six times. */
function mayBeEscaped(bytes: Buffer, start: number, end: number, key: string): boolean {
  if (end - start <= key.length || end - start > 6 * key.length) return false;
  for (let at = start; at < end; at += 1) {
    if (bytes[at] === backslash) return decodeString(bytes, start, end) === key;
  }
  return false;
}

/** @throws {InvalidRequestError} always */
export function fail(scan: Scan, at: number, expectation: string): never {
  const place = at >= scan.bytes.length ? 'where the body ends' : `at byte ${at}`;
  throw new InvalidRequestError(`The body is not valid JSON: expected ${expectation} ${place}`);
}

function failDepth(at: number): never {
  throw new InvalidRequestError(`The body is nested deeper than ${maximumDepth} levels at byte ${at}`);
}
