import { asBuffer } from '../json/outline.ts';
import { maximumEventBytes } from './collector.ts';
import type { CreateFraming, Framing, StreamEvent } from './stream-reader.ts';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Reads server-sent events out of bytes that are cut anywhere, and passes the bytes on: the very same
 * chunks, unless an event is withheld. Lines end in LF, CRLF or CR; comments carry nothing; a body that is
 * plain JSON, which some servers send in place of a stream, counts as one event.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html (checked 2026-11-20)
 */
export const serverSentEvents: CreateFraming = ({ onEvent, withholds }): Framing => {
  /** Bytes of the event that has begun and not ended. */
  let unfinished: Buffer[] = [];
  let unfinishedBytes = 0;
  /** Whether the line that has begun holds nothing yet. */
  let lineIsEmpty = true;
  /** Whether the last byte was a CR, which a LF may still belong to. */
  let afterReturn = false;
  let isFirst = true;
  let lastWasWithheld = false;
  let reads = true;

  /** @returns whether to withhold it */
  function finish(block: Buffer): boolean {
    const event = readEvent(isFirst ? withoutByteOrderMark(block) : block);
    isFirst = false;
    return event !== undefined && onEvent(event);
  }

  /** Ends the event that is unfinished with the last of its bytes. */
  function finishWith(last: Buffer): { readonly block: Buffer; readonly kept: readonly Buffer[] } {
    if (unfinishedBytes === 0) return { block: last, kept: [] };
    const kept = unfinished;
    const block = Buffer.concat([...kept, last]);
    unfinished = [];
    unfinishedBytes = 0;
    return { block, kept };
  }

  function push(chunk: Uint8Array): readonly Uint8Array[] {
    if (!reads || chunk.length === 0) return [chunk];
    const bytes = asBuffer(chunk);
    const passedOn: Uint8Array[] = [];
    const lineStart = afterReturn && bytes[0] === lineFeed ? 1 : 0;
    /** Where the event begins. A LF that completes the line end of the event before belongs to that one. */
    let eventStart = unfinishedBytes === 0 ? lineStart : 0;
    /** Where the bytes begin that are neither passed on nor withheld. */
    let heldStart = lastWasWithheld ? eventStart : 0;
    const nextLine = lineScanner(bytes, lineStart);
    afterReturn = false;
    for (let line = nextLine(); ; line = nextLine()) {
      if (line.end === -1) {
        lineIsEmpty &&= line.start === bytes.length;
        break;
      }
      const endsEvent = lineIsEmpty && line.end === line.start;
      lineIsEmpty = true;
      afterReturn = line.next === bytes.length && bytes[line.next - 1] === carriageReturn;
      if (!endsEvent) continue;
      const { block, kept } = finishWith(bytes.subarray(eventStart, line.next));
      lastWasWithheld = finish(block) && withholds;
      if (withholds && !lastWasWithheld) passedOn.push(...kept);
      if (lastWasWithheld) {
        if (heldStart < eventStart) passedOn.push(bytes.subarray(heldStart, eventStart));
        heldStart = line.next;
      }
      eventStart = line.next;
    }
    if (eventStart < bytes.length) {
      unfinished.push(bytes.subarray(eventStart));
      unfinishedBytes += bytes.length - eventStart;
    }
    if (!withholds) passedOn.push(chunk);
    else if (heldStart === 0 && eventStart === bytes.length) passedOn.push(chunk);
    else if (heldStart < eventStart) passedOn.push(bytes.subarray(heldStart, eventStart));
    if (unfinishedBytes > maximumEventBytes) passedOn.push(...giveUp());
    return passedOn;
  }

  /** Stops reading: memory is bounded by us, not by whom we read. */
  function giveUp(): readonly Uint8Array[] {
    const kept = withholds ? unfinished : [];
    unfinished = [];
    unfinishedBytes = 0;
    reads = false;
    return kept;
  }

  function flush(): readonly Uint8Array[] {
    if (unfinishedBytes === 0) return [];
    const { block, kept } = finishWith(Buffer.alloc(0));
    const withheld = finish(block);
    return withholds && !withheld ? kept : [];
  }

  return { push, flush };
};

interface Line {
  readonly start: number;
  /** Where its terminator stands; -1 when the line is not finished. */
  readonly end: number;
  /** Where the line after it begins. */
  readonly next: number;
}

/** Gives back one line after the other; CR is looked for once, because hardly anyone sends it. */
function lineScanner(bytes: Buffer, from: number): () => Line {
  let start = from;
  let nextReturn = bytes.indexOf(carriageReturn, from);
  return () => {
    const feed = bytes.indexOf(lineFeed, start);
    if (nextReturn !== -1 && nextReturn < start) nextReturn = bytes.indexOf(carriageReturn, start);
    const isReturn = nextReturn !== -1 && (feed === -1 || nextReturn < feed);
    const end = isReturn ? nextReturn : feed;
    const next = end + (isReturn && feed === end + 1 ? 2 : 1);
    const line = { start, end, next };
    start = next;
    return line;
  };
}

const dataField = Buffer.from('data:');
const eventField = Buffer.from('event:');

/** The event in a block of lines; `undefined` when it carries no data. */
function readEvent(block: Buffer): StreamEvent | undefined {
  let name: string | undefined;
  let data: Buffer | undefined;
  const nextLine = lineScanner(block, 0);
  for (let line = nextLine(); line.start < block.length; line = nextLine()) {
    const end = line.end === -1 ? block.length : line.end;
    if (startsWith(block, line.start, dataField)) {
      const value = fieldValue(block, line.start + dataField.length, end);
      data = data === undefined ? value : Buffer.concat([data, Buffer.from('\n'), value]);
    } else if (startsWith(block, line.start, eventField)) {
      name = fieldValue(block, line.start + eventField.length, end).toString();
    }
    if (line.end === -1) break;
  }
  if (data === undefined) return isPlainJson(block) ? { data: block } : undefined;
  return name === undefined ? { data } : { name, data };
}

function startsWith(bytes: Buffer, start: number, prefix: Buffer): boolean {
  for (let index = 0; index < prefix.length; index += 1) {
    if (bytes[start + index] !== prefix[index]) return false;
  }
  return true;
}

/** One space behind the colon belongs to the format. */
function fieldValue(bytes: Buffer, start: number, end: number): Buffer {
  return bytes.subarray(bytes[start] === 0x20 && start < end ? start + 1 : start, end);
}

function isPlainJson(block: Buffer): boolean {
  return /^\s*\{/.test(block.toString('latin1', 0, Math.min(block.length, 64)));
}

function withoutByteOrderMark(block: Buffer): Buffer {
  return block[0] === 0xef && block[1] === 0xbb && block[2] === 0xbf ? block.subarray(3) : block;
}
