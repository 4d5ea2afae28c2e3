import { asBuffer, type Outline } from './outline.ts';
import type { Span } from './scan.ts';

/** A change to bytes: what stands at `span` gives way to `text`. An empty span inserts. */
export interface Splice {
  readonly span: Span;
  readonly text: string;
}

/**
 * @param splices - must not overlap
 * @returns the very same bytes when there is nothing to change
 */
export function applySplices(bytes: Uint8Array, splices: readonly Splice[]): Uint8Array {
  if (splices.length === 0) return bytes;
  const source = asBuffer(bytes);
  const parts: Buffer[] = [];
  let at = 0;
  for (const { span, text } of splices.toSorted((left, right) => left.span.start - right.span.start)) {
    parts.push(source.subarray(at, span.start), Buffer.from(text));
    at = span.end;
  }
  parts.push(source.subarray(at));
  return Buffer.concat(parts);
}

/**
 * Sets members of an object: replaces the value of those that exist, adds the others at its beginning.
 * A value that already stands there, and one that is `undefined`, changes nothing.
 */
export function setMembers(object: Outline, values: Readonly<Record<string, unknown>>): readonly Splice[] {
  const splices: Splice[] = [];
  const added: string[] = [];
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const text = JSON.stringify(value);
    const span = object.members.get(key);
    if (span === undefined) added.push(`${JSON.stringify(key)}:${text}`);
    else if (object.bytes.toString('utf8', span.start, span.end) !== text) splices.push({ span, text });
  }
  if (added.length > 0) {
    const start = object.span.start + 1;
    const separator = object.members.size === 0 ? '' : ',';
    splices.push({ span: { start, end: start }, text: added.join(',') + separator });
  }
  return splices;
}
