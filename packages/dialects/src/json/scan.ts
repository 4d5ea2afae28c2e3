import { InvalidRequestError } from '@genops/core';

/** A part of the bytes: from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Members to look out for at any depth, by the exact name of their key. */
export interface Watch {
  readonly keys: readonly string[];
  /** Keys whose values are not searched. */
  readonly opaque: readonly string[];
  /** Every one found, object by object as they end. What lies inside a found value is not searched. */
  readonly found: FoundMember[];
}

/** A member that was looked out for. */
export interface FoundMember {
  readonly key: string;
  readonly span: Span;
  /** The member called `type` of the same object, which says what the object is. */
  readonly type?: Span;
}

/** Deepest nesting of objects and arrays that is accepted. */
export const maximumDepth = 64;

export const quote = 0x22;
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
export function skipValue(bytes: Buffer, start: number, depth: number, watch?: Watch): number {
  switch (bytes[start]) {
    case quote:
      return skipString(bytes, start);
    case openBrace:
      return skipObject(bytes, start, depth + 1, watch);
    case openBracket:
      return skipArray(bytes, start, depth + 1, watch);
    case 0x74:
      return skipWord(bytes, start, 'true');
    case 0x66:
      return skipWord(bytes, start, 'false');
    case 0x6e:
      return skipWord(bytes, start, 'null');
    default:
      return skipNumber(bytes, start);
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
export function skipMembers(bytes: Buffer, start: number, onMember: OnMember): number {
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === closeBrace) return at + 1;
  for (;;) {
    if (bytes[at] !== quote) fail(bytes, at, 'a key in double quotes');
    const keyEnd = skipString(bytes, at) - 1;
    const colonAt = skipSpace(bytes, keyEnd + 1);
    if (bytes[colonAt] !== colon) fail(bytes, colonAt, '":"');
    const valueEnd = onMember(at + 1, keyEnd, skipSpace(bytes, colonAt + 1));
    at = skipSpace(bytes, valueEnd);
    if (bytes[at] === closeBrace) return at + 1;
    if (bytes[at] !== comma) fail(bytes, at, '"," or "}"');
    at = skipSpace(bytes, at + 1);
  }
}

/** @returns the key among these that stands there, however it is escaped */
function keyAmong(keys: readonly string[], bytes: Buffer, start: number, end: number): string | undefined {
  for (const key of keys) {
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

function skipObject(bytes: Buffer, start: number, depth: number, watch: Watch | undefined): number {
  if (depth > maximumDepth) failDepth(start);
  if (watch === undefined) {
    return skipMembers(bytes, start, (_keyStart, _keyEnd, valueStart) => skipValue(bytes, valueStart, depth));
  }
  const found: FoundMember[] = [];
  let type: Span | undefined;
  const objectEnd = skipMembers(bytes, start, (keyStart, keyEnd, valueStart) => {
    const key = keyAmong(watch.keys, bytes, keyStart, keyEnd);
    if (key === undefined) {
      const isOpaque = keyAmong(watch.opaque, bytes, keyStart, keyEnd) !== undefined;
      const end = skipValue(bytes, valueStart, depth, isOpaque ? undefined : watch);
      if (keyEnd - keyStart === 4 && bytesAre(bytes, keyStart, 'type')) type = { start: valueStart, end };
      return end;
    }
    const end = skipValue(bytes, valueStart, depth);
    found.push({ key, span: { start: valueStart, end } });
    return end;
  });
  for (const member of found) watch.found.push(type === undefined ? member : { ...member, type });
  return objectEnd;
}

function skipArray(bytes: Buffer, start: number, depth: number, watch: Watch | undefined): number {
  if (depth > maximumDepth) failDepth(start);
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === closeBracket) return at + 1;
  for (;;) {
    at = skipSpace(bytes, skipValue(bytes, at, depth, watch));
    if (bytes[at] === closeBracket) return at + 1;
    if (bytes[at] !== comma) fail(bytes, at, '"," or "]"');
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
function skipString(bytes: Buffer, start: number): number {
  let at = start + 1;
  let reach = nearBytes;
  for (;;) {
    const near = closingQuote(bytes, at, Math.min(at + reach, bytes.length));
    if (near < 0) return -near;
    const found = near < bytes.length ? bytes.indexOf(quote, near) : -1;
    if (found === -1) fail(bytes, bytes.length, 'the closing quote of a string');
    let run = found - 1;
    while (run >= near && bytes[run] === backslash) run -= 1;
    if ((found - run) % 2 === 1) return found + 1;
    reach = found - near < nativePaysBytes ? quotedTextBytes : 0;
    at = found + 1;
  }
}

/** @returns where to go on, or, negative, where the string ends. Four bytes a turn: twice as fast as one. */
function closingQuote(bytes: Buffer, start: number, end: number): number {
  let at = start;
  const lastFour = end - 4;
  for (;;) {
    while (at < lastFour) {
      if (endsRun(bytes[at] as number)) break;
      if (endsRun(bytes[at + 1] as number)) {
        at += 1;
        break;
      }
      if (endsRun(bytes[at + 2] as number)) {
        at += 2;
        break;
      }
      if (endsRun(bytes[at + 3] as number)) {
        at += 3;
        break;
      }
      at += 4;
    }
    if (at >= end) return at;
    const byte = bytes[at];
    if (byte === quote) return -at - 1;
    at += byte === backslash ? 2 : 1;
  }
}

/** Most letters are decided by the first comparison. */
function endsRun(byte: number): boolean {
  return byte <= backslash && (byte === quote || byte === backslash);
}

function skipWord(bytes: Buffer, start: number, word: 'true' | 'false' | 'null'): number {
  if (!bytesAre(bytes, start, word)) fail(bytes, start, 'a value');
  return start + word.length;
}

function skipNumber(bytes: Buffer, start: number): number {
  const first = bytes[start] === 0x2d ? start + 1 : start;
  let at = bytes[first] === 0x30 ? first + 1 : skipDigits(bytes, first);
  if (bytes[at] === 0x2e) at = skipDigits(bytes, at + 1);
  if (bytes[at] === 0x65 || bytes[at] === 0x45) {
    const sign = bytes[at + 1] === 0x2b || bytes[at + 1] === 0x2d;
    at = skipDigits(bytes, at + (sign ? 2 : 1));
  }
  return at;
}

function skipDigits(bytes: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const byte = bytes[at];
    if (byte === undefined || byte < 0x30 || byte > 0x39) break;
    at += 1;
  }
  if (at === start) fail(bytes, start, 'a value');
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
export function fail(bytes: Buffer, at: number, expectation: string): never {
  const place = at >= bytes.length ? 'where the body ends' : `at byte ${at}`;
  throw new InvalidRequestError(`The body is not valid JSON: expected ${expectation} ${place}`);
}

function failDepth(at: number): never {
  throw new InvalidRequestError(`The body is nested deeper than ${maximumDepth} levels at byte ${at}`);
}
