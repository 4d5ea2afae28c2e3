import { isUtf8 } from 'node:buffer';
import { describe, InvalidRequestError } from '@genops/core';
import {
  decodeString,
  fail,
  openBrace,
  type Span,
  skipMembers,
  skipSpace,
  skipValue,
  type Watch,
} from './scan.ts';

/** Where the members of a JSON object stand in its bytes. */
export interface Outline {
  readonly bytes: Buffer;
  /** The object itself. */
  readonly span: Span;
  /** Its own members: the span of each value by its key. */
  readonly members: ReadonlyMap<string, Span>;
  /** The deeper members that were asked for. */
  readonly found: Watch['found'];
}

export interface OutlineOptions {
  /** Deeper members to find. */
  readonly find?: FindOptions;
}

/** Which deeper members to find. */
export interface FindOptions {
  /** Below these of the object's own members. */
  readonly within: readonly string[];
  readonly keys: readonly string[];
  /** Not below members of these names, which hold data of the caller's own. @default none */
  readonly opaque?: readonly string[];
}

/** More members than any request has. */
const maximumMembers = 1024;

/**
 * Reads where things stand in a JSON object without building any of it. One pass, much faster than
 * `JSON.parse` where strings are long.
 *
 * Proved of the bytes: they are UTF-8, one object, grammatical, not nested deeper than 64 levels, and no
 * key of the object itself comes twice, however it is escaped. What stands between the quotes of deeper
 * strings is skimmed: a bad escape or a raw line break in there is left to the provider's own parser, which
 * finds the same structure around it.
 *
 * @throws {InvalidRequestError} naming what was expected and where
 */
export function outline(bytes: Uint8Array, options: OutlineOptions = {}): Outline {
  const buffer = asBuffer(bytes);
  if (!isUtf8(buffer)) throw new InvalidRequestError('The body is not valid JSON: it is not UTF-8');
  const start = skipSpace(buffer, 0);
  if (buffer[start] !== openBrace) fail(buffer, start, 'an object');
  const result = outlineObject(buffer, start, options);
  const end = skipSpace(buffer, result.span.end);
  if (end < buffer.length) fail(buffer, end, 'nothing after the object');
  return result;
}

/** The outline of an object that begins at `start` in the bytes of another. */
export function outlineAt(whole: Outline, start: number): Outline {
  return outlineObject(whole.bytes, start, {});
}

/**
 * The outline of an object that is the value of a member; `undefined` when that value is no object.
 * Its bytes and spans are those of the whole.
 */
export function outlineMember(whole: Outline, key: string): Outline | undefined {
  const span = whole.members.get(key);
  if (span === undefined || whole.bytes[span.start] !== openBrace) return undefined;
  return outlineAt(whole, span.start);
}

/** The value of a member, parsed; `undefined` when there is none. Meant for small values. */
export function memberValue(object: Outline, key: string): unknown {
  const span = object.members.get(key);
  return span === undefined ? undefined : parseSpan(object.bytes, span);
}

/** @throws {InvalidRequestError} when an escape in it is not well-formed */
export function parseSpan(bytes: Buffer, span: Span): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', span.start, span.end));
  } catch {
    throw new InvalidRequestError(`The body is not valid JSON: bad escape after byte ${span.start}`);
  }
}

/** The same memory as a `Buffer`, whose searches are native. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function outlineObject(bytes: Buffer, start: number, { find }: OutlineOptions): Outline {
  const members = new Map<string, Span>();
  const watch: Watch = { keys: find?.keys ?? [], opaque: find?.opaque ?? [], found: [] };
  const end = skipMembers(bytes, start, (keyStart, keyEnd, valueStart) => {
    const key = decodeString(bytes, keyStart, keyEnd);
    if (members.has(key))
      throw new InvalidRequestError(`The parameter ${describe(key)} comes twice`, key.slice(0, 80));
    if (members.size === maximumMembers) {
      throw new InvalidRequestError(`The body has more than ${maximumMembers} parameters`);
    }
    const valueEnd = skipValue(bytes, valueStart, 1, find?.within.includes(key) ? watch : undefined);
    members.set(key, { start: valueStart, end: valueEnd });
    return valueEnd;
  });
  return { bytes, span: { start, end }, members, found: watch.found };
}
