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
export const serverSentEvents: CreateFraming = ({ onEvent, withholds, skip }): Framing => {
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
    return event !== undefined && onEvent(event) && withholds;
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
    const lines = createLines(bytes, afterReturn && bytes[0] === lineFeed ? 1 : 0);
    /** Where the event begins. A LF that completes the line end of the event before belongs to that one. */
    let eventStart = unfinishedBytes === 0 ? lines.next : 0;
    /** Where the bytes begin that are neither passed on nor withheld. */
    let heldStart = lastWasWithheld ? eventStart : 0;
    afterReturn = false;
    for (;;) {
      if (unfinishedBytes === 0 && lines.next === eventStart) {
        const end = skip(bytes, eventStart);
        if (end !== -1) {
          eventStart = lines.next = end;
          lastWasWithheld = false;
          continue;
        }
      }
      const lineStart = lines.next;
      const lineEnd = nextLineEnd(lines);
      if (lineEnd === -1) {
        lineIsEmpty &&= lineStart === bytes.length;
        break;
      }
      const endsEvent = lineIsEmpty && lineEnd === lineStart;
      lineIsEmpty = true;
      afterReturn = lines.next === bytes.length && bytes[lines.next - 1] === carriageReturn;
      if (!endsEvent) continue;
      const { block, kept } = finishWith(bytes.subarray(eventStart, lines.next));
      lastWasWithheld = finish(block);
      if (lastWasWithheld) {
        if (heldStart < eventStart) passedOn.push(bytes.subarray(heldStart, eventStart));
        heldStart = lines.next;
      } else if (withholds) {
        passedOn.push(...kept);
      }
      eventStart = lines.next;
    }
    if (eventStart < bytes.length) {
      unfinished.push(bytes.subarray(eventStart));
      unfinishedBytes += bytes.length - eventStart;
    }
    if (!withholds || (heldStart === 0 && eventStart === bytes.length)) passedOn.push(chunk);
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

/** Where the reading of lines stands. */
interface Lines {
  readonly bytes: Buffer;
  /** Where the next line begins. */
  next: number;
  /** Where the next CR stands: looked for once, because hardly anyone sends it; -1 for none, -2 for unknown. */
  nextReturn: number;
}

function createLines(bytes: Buffer, start: number): Lines {
  return { bytes, next: start, nextReturn: -2 };
}

/** @returns where the line ends that begins next, and goes on behind it; -1 when the line is not finished */
function nextLineEnd(lines: Lines): number {
  const { bytes, next } = lines;
  const feed = bytes.indexOf(lineFeed, next);
  if (lines.nextReturn !== -1 && lines.nextReturn < next) {
    lines.nextReturn = bytes.indexOf(carriageReturn, next);
  }
  const isReturn = lines.nextReturn !== -1 && (feed === -1 || lines.nextReturn < feed);
  const end = isReturn ? lines.nextReturn : feed;
  if (end !== -1) lines.next = end + (isReturn && feed === end + 1 ? 2 : 1);
  return end;
}

const dataField = Buffer.from('data:');
const eventField = Buffer.from('event:');

/** The event in a block of lines; `undefined` when it carries no data. */
function readEvent(block: Buffer): StreamEvent | undefined {
  let name: string | undefined;
  let data: Buffer | undefined;
  const lines = createLines(block, 0);
  while (lines.next < block.length) {
    const start = lines.next;
    const found = nextLineEnd(lines);
    const end = found === -1 ? block.length : found;
    if (startsWith(block, start, dataField)) {
      const value = fieldValue(block, start + dataField.length, end);
      data = data === undefined ? value : Buffer.concat([data, Buffer.from('\n'), value]);
    } else if (startsWith(block, start, eventField)) {
      name = fieldValue(block, start + eventField.length, end).toString();
    }
    if (found === -1) break;
  }
  if (data === undefined) return isPlainJson(block) ? { data: block } : undefined;
  const isWhole = block[block.length - 1] === lineFeed;
  return { data, ...(name === undefined ? {} : { name }), ...(isWhole ? { block } : {}) };
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
