import { crc32 } from 'node:zlib';
import { asBuffer } from '../json/outline.ts';
import { maximumEventBytes } from './collector.ts';
import type { CreateFraming, StreamEvent } from './stream-reader.ts';

/** Total length, header length, and a checksum of the two. */
const preludeBytes = 12;
const checksumBytes = 4;

/**
 * Reads the binary event stream of AWS. Its bytes are always passed on as they came; once a frame is
 * damaged or too large, nothing more is read.
 *
 * @see https://smithy.io/2.0/aws/amazon-eventstream.html (checked 2026-11-20)
 */
export const awsEventStream: CreateFraming = ({ onEvent }) => {
  let parts: Buffer[] = [];
  let size = 0;
  /** Bytes that have to be there before there is anything to do. */
  let awaited = preludeBytes;
  let reads = true;

  function readFrames(): void {
    let bytes = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    while (bytes.length >= preludeBytes) {
      const length = frameLength(bytes);
      if (length === undefined) {
        reads = false;
        parts = [];
        return;
      }
      awaited = length;
      if (bytes.length < length) break;
      const event = readFrame(bytes.subarray(0, length));
      if (event !== undefined) onEvent(event);
      bytes = bytes.subarray(length);
      awaited = preludeBytes;
    }
    parts = bytes.length === 0 ? [] : [bytes];
    size = bytes.length;
  }

  return {
    push(chunk) {
      if (reads && chunk.length > 0) {
        parts.push(asBuffer(chunk));
        size += chunk.length;
        if (size >= awaited) readFrames();
      }
      return [chunk];
    },
    flush: () => [],
  };
};

/** @returns `undefined` when the prelude is damaged, or the frame is larger than any should be */
function frameLength(bytes: Buffer): number | undefined {
  const length = bytes.readUInt32BE(0);
  const headerBytes = bytes.readUInt32BE(4);
  const smallest = preludeBytes + headerBytes + checksumBytes;
  const intact = crc32(bytes.subarray(0, 8)) === bytes.readUInt32BE(8);
  return intact && length >= smallest && length <= maximumEventBytes ? length : undefined;
}

/** @returns `undefined` when the frame is damaged or has no name */
function readFrame(frame: Buffer): StreamEvent | undefined {
  const end = frame.length - checksumBytes;
  if (crc32(frame.subarray(0, end)) !== frame.readUInt32BE(end)) return undefined;
  const payload = preludeBytes + frame.readUInt32BE(4);
  const headers = readHeaders(frame.subarray(preludeBytes, payload));
  const name = headers.get(':event-type') ?? headers.get(':exception-type');
  return name === undefined ? undefined : { name, data: frame.subarray(payload, end) };
}

/** Bytes of a value by its type, where that is fixed: true, false, byte, short, integer, long, …, time, UUID. */
const fixedBytes: Readonly<Record<number, number>> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 };
const textType = 7;

/** The headers that are text. */
function readHeaders(bytes: Buffer): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  let at = 0;
  while (at < bytes.length) {
    const nameEnd = at + 1 + (bytes[at] as number);
    const type = bytes[nameEnd];
    if (type === undefined) break;
    const fixed = fixedBytes[type];
    if (fixed === undefined && nameEnd + 3 > bytes.length) break;
    const start = nameEnd + (fixed === undefined ? 3 : 1);
    const end = start + (fixed ?? bytes.readUInt16BE(nameEnd + 1));
    if (type === textType)
      headers.set(bytes.toString('utf8', at + 1, nameEnd), bytes.toString('utf8', start, end));
    at = end;
  }
  return headers;
}

/** One frame whose headers are text. */
export function writeFrame(headers: Readonly<Record<string, string>>, payload: Uint8Array): Buffer {
  const written = Buffer.concat(Object.entries(headers).map(([name, value]) => writeHeader(name, value)));
  const prelude = Buffer.alloc(8);
  prelude.writeUInt32BE(preludeBytes + written.length + payload.length + checksumBytes, 0);
  prelude.writeUInt32BE(written.length, 4);
  const frame = Buffer.concat([prelude, checksum(prelude), written, payload]);
  return Buffer.concat([frame, checksum(frame)]);
}

function writeHeader(name: string, value: string): Buffer {
  const text = Buffer.from(value);
  const length = Buffer.from([text.length >> 8, text.length & 0xff]);
  return Buffer.concat([
    Buffer.from([name.length]),
    Buffer.from(name),
    Buffer.from([textType]),
    length,
    text,
  ]);
}

function checksum(bytes: Buffer): Buffer {
  const written = Buffer.alloc(checksumBytes);
  written.writeUInt32BE(crc32(bytes));
  return written;
}
