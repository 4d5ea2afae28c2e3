/**
 * Recognises events that differ from one that was read before in nothing but the text that the model made:
 * most of a stream. Comparing bytes with a known event is several times faster than parsing, and proves as
 * much: what is equal byte for byte, around strings that end where they must, means the same.
 */
export interface FamiliarEvents {
  /**
   * Remembers an event as it stands in the stream, line ends included.
   *
   * @param text - what the model made, the only part of the event that the reader takes anything from
   */
  learn(block: Buffer, text: string): void;
  /** Where the event ends that begins at `start`, when it is a familiar one; else -1. */
  match(bytes: Buffer, start: number): number;
  /** UTF-8 bytes of the text in the event that matched last. */
  readonly textBytes: number;
  /** Forgets all, because what they add to is no longer the same. */
  forget(): void;
}

/** A part of an event that may differ. */
interface Hole {
  readonly start: number;
  readonly end: number;
  readonly kind: 'text' | 'ignored' | 'number';
}

/** An event in pieces: what must be equal, and what may stand between. */
interface Familiar {
  readonly pieces: readonly Buffer[];
  /** One fewer than pieces. */
  readonly holes: readonly Hole['kind'][];
}

/** Answers asked for at once alternate, each in events of its own. */
const maximumFamiliar = 8;

const quote = 0x22;
const backslash = 0x5c;

/** @param varying - members besides the text that differ from event to event and mean nothing */
export function createFamiliarEvents(varying: readonly string[]): FamiliarEvents {
  let familiar: Familiar[] = [];
  let textBytes = 0;

  function matchOne({ pieces, holes }: Familiar, bytes: Buffer, start: number): number {
    let at = start;
    let made = 0;
    for (let index = 0; ; index += 1) {
      const piece = pieces[index] as Buffer;
      const end = at + piece.length;
      if (end > bytes.length || piece.compare(bytes, at, end) !== 0) return -1;
      at = end;
      const hole = holes[index];
      if (hole === undefined) break;
      const holeEnd = hole === 'number' ? skipDigits(bytes, at) : skipText(bytes, at);
      if (holeEnd === -1) return -1;
      const size = hole === 'number' ? 0 : decodedBytes(bytes, at, holeEnd);
      if (size === -1) return -1;
      if (hole === 'text') made = size;
      at = holeEnd;
    }
    textBytes = made;
    return at;
  }

  return {
    learn(block, text) {
      const holes = findHoles(block, text, varying);
      if (holes === undefined) return;
      familiar = [takeApart(block, holes), ...familiar.slice(0, maximumFamiliar - 1)];
    },
    match(bytes, start) {
      for (const candidate of familiar) {
        const end = matchOne(candidate, bytes, start);
        if (end !== -1) return end;
      }
      return -1;
    },
    get textBytes() {
      return textBytes;
    },
    forget() {
      familiar = [];
    },
  };
}

/** @returns `undefined` when it is not certain which bytes are the text */
function findHoles(block: Buffer, text: string, varying: readonly string[]): readonly Hole[] | undefined {
  const encoded = JSON.stringify(text);
  const found = onlyIndexOf(block, encoded);
  if (text === '' || found === -1) return undefined;
  const holes: Hole[] = [{ start: found + 1, end: found + Buffer.byteLength(encoded) - 1, kind: 'text' }];
  for (const name of varying) {
    const key = `"${name}":`;
    const at = onlyIndexOf(block, key);
    if (at === -1) continue;
    const start = at + key.length;
    if (block[start] === quote)
      holes.push({ start: start + 1, end: skipText(block, start + 1), kind: 'ignored' });
    else holes.push({ start, end: skipDigits(block, start), kind: 'number' });
  }
  const sorted = holes.toSorted((left, right) => left.start - right.start);
  const isSound = sorted.every(
    (hole, index) => hole.end >= hole.start && hole.start > (sorted[index - 1]?.end ?? 0),
  );
  return isSound ? sorted : undefined;
}

/** Where a text stands, if it stands there once; else -1. */
function onlyIndexOf(block: Buffer, text: string): number {
  const first = block.indexOf(text);
  return first !== -1 && block.indexOf(text, first + 1) === -1 ? first : -1;
}

/** Copies, so that the chunk which the event came in can go. */
function takeApart(block: Buffer, holes: readonly Hole[]): Familiar {
  const starts = [0, ...holes.map((hole) => hole.end)];
  const ends = [...holes.map((hole) => hole.start), block.length];
  return {
    pieces: starts.map((start, index) => Buffer.from(block.subarray(start, ends[index]))),
    holes: holes.map((hole) => hole.kind),
  };
}

/** @returns where the closing quote stands; -1 when the text does not end, or an event would end inside */
function skipText(bytes: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const byte = bytes[at];
    if (byte === quote) return at;
    if (byte === undefined || byte < 0x20) return -1;
    at += byte === backslash ? 2 : 1;
  }
}

/** @returns -1 when there are none */
function skipDigits(bytes: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const byte = bytes[at];
    if (byte === undefined || byte < 0x30 || byte > 0x39) return at === start ? -1 : at;
    at += 1;
  }
}

/** UTF-8 bytes of what the bytes of a string mean, escapes resolved; -1 when one of these is wrong. */
function decodedBytes(bytes: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at += 1) {
    if (bytes[at] === backslash) return decodedLength(bytes.toString('utf8', start, end));
  }
  return end - start;
}

function decodedLength(escaped: string): number {
  try {
    return Buffer.byteLength(JSON.parse(`"${escaped}"`) as string);
  } catch {
    return -1;
  }
}
