/** The bytes in pieces of one size; the last may be shorter. */
export function cutEvery(bytes: Uint8Array, size: number): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < bytes.byteLength; start += size)
    pieces.push(bytes.subarray(start, start + size));
  return pieces;
}

/** The bytes in two pieces, either of which may be empty. */
export function cutAt(bytes: Uint8Array, position: number): readonly Uint8Array[] {
  return [bytes.subarray(0, position), bytes.subarray(position)];
}

/** Where the events of a stream end: server-sent ones, frames of AWS, or lines of JSON. */
export function eventEnds(bytes: Uint8Array): readonly number[] {
  if (bytes[0] === 0) return frameEnds(bytes);
  const text = Buffer.from(bytes).toString('latin1');
  const gap = text.startsWith('{') ? /\n/g : /(?:\r\n|\n|\r)(?:\r\n|\n|\r)/g;
  return Array.from(text.matchAll(gap), ({ index, 0: found }) => index + found.length);
}

/** Each frame begins with its own length, which fits into three bytes. */
function frameEnds(bytes: Uint8Array): readonly number[] {
  const frames = Buffer.from(bytes);
  const ends: number[] = [];
  for (let end = 0; end + 4 <= frames.length; ) {
    end += frames.readUInt32BE(end);
    ends.push(end);
  }
  return ends;
}
