import { describe, InvalidRequestError } from '@genops/core';
import { asBuffer } from '../json/outline.ts';
import type { Span } from '../json/scan.ts';

/** A `multipart/form-data` body: where its fields and files stand. */
export interface Form {
  readonly bytes: Buffer;
  /** Fields that are text, by name. */
  readonly fields: ReadonlyMap<string, Span>;
  readonly files: readonly Span[];
}

/** More parts than any request has. */
const maximumParts = 128;
/** More bytes than the header of any part has. */
const maximumHeaderBytes = 4096;

/**
 * Reads where things stand in a form, for uploads. Files are skipped natively.
 *
 * @param contentType - of the request: the boundary must come from where the provider takes it, else the
 * two could see different fields
 * @throws {InvalidRequestError} when it is not well-formed, or a field comes twice
 */
export function outlineForm(body: Uint8Array, contentType: string | undefined): Form {
  const bytes = asBuffer(body);
  const delimiter = Buffer.from(`--${boundaryIn(contentType)}`);
  const fields = new Map<string, Span>();
  const files: Span[] = [];
  let at = delimiter.length;
  if (!bytes.subarray(0, at).equals(delimiter)) throw malformed('it does not begin with its boundary');
  for (let part = 0; !isEnd(bytes, at); part += 1) {
    if (part === maximumParts) throw malformed(`it has more than ${maximumParts} parts`);
    const headerEnd = bytes.indexOf('\r\n\r\n', at);
    if (headerEnd === -1 || headerEnd - at > maximumHeaderBytes) {
      throw malformed('the header of a part does not end');
    }
    const start = headerEnd + 4;
    const end = bytes.indexOf(delimiter, start) - 2;
    if (end < start || bytes.toString('latin1', end, end + 2) !== '\r\n')
      throw malformed('a part does not end');
    const { name, isFile } = readHeader(bytes.toString('utf8', at, headerEnd));
    if (isFile) files.push({ start, end });
    else if (fields.has(name))
      throw new InvalidRequestError(`The parameter ${describe(name)} comes twice`, name);
    else fields.set(name, { start, end });
    at = end + 2 + delimiter.length;
  }
  return { bytes, fields, files };
}

/** A field's text; `undefined` when there is none. */
export function fieldOf(form: Form, name: string): string | undefined {
  const span = form.fields.get(name);
  return span && form.bytes.toString('utf8', span.start, span.end);
}

/** Bytes of everything that is no file. */
export function textBytesOf(form: Form): number {
  return form.files.reduce((rest, file) => rest - (file.end - file.start), form.bytes.length);
}

/** Whether a body is a form rather than JSON. */
export function isForm(body: Uint8Array): boolean {
  return body[0] === 0x2d;
}

function boundaryIn(contentType: string | undefined): string {
  const match = /^multipart\/form-data;.*?\bboundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(
    contentType ?? '',
  );
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) throw malformed('its content type names no boundary');
  return boundary;
}

function isEnd(bytes: Buffer, at: number): boolean {
  return bytes.toString('latin1', at, at + 2) === '--';
}

function readHeader(header: string): { readonly name: string; readonly isFile: boolean } {
  const name = /^content-disposition:[^\r\n]*;\s*name="([^"\r\n]*)"/im.exec(header)?.[1];
  if (name === undefined) throw malformed('a part has no name');
  return { name, isFile: /^content-disposition:[^\r\n]*;\s*filename\*?=/im.test(header) };
}

function malformed(reason: string): InvalidRequestError {
  return new InvalidRequestError(`The body is not a valid form: ${reason}`);
}
