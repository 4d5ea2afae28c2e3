/**
 * Says which calls get spans: always the same ones for the same ratio, whichever process is asked, and all
 * attempts of a call alike.
 *
 * @throws {RangeError} when the ratio is not between 0 and 1
 */
export function createSampler(ratio: number): (callId: string) => boolean {
  if (!(ratio >= 0 && ratio <= 1)) throw new RangeError(`spanSampleRatio: expected 0 to 1, got ${ratio}`);
  if (ratio === 1) return () => true;
  const edge = ratio * 2 ** 32;
  return (callId) => fnv1a(callId) < edge;
}

/** @see http://www.isthe.com/chongo/tech/comp/fnv/ (32 bit; checked 2026-11-30), finished as in MurmurHash3 */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
