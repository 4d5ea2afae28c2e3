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

/** Where the events of a server-sent stream end: after each blank line. */
export function eventEnds(bytes: Uint8Array): readonly number[] {
  const text = Buffer.from(bytes).toString('latin1');
  return Array.from(
    text.matchAll(/(?:\r\n|\n|\r)(?:\r\n|\n|\r)/g),
    ({ index, 0: gap }) => index + gap.length,
  );
}
