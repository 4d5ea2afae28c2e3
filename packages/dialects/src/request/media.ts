import type { RequestFacts } from '@genops/core';
import type { Outline } from '../json/outline.ts';

type MediaKind = keyof NonNullable<RequestFacts['media']>;

/** Members that are media, by their key, in one format. */
export type MediaKeys = Readonly<Record<string, MediaKind>>;

/**
 * Counts media parts and tells how many bytes of the body could be text. What an image, a recording or a
 * film consists of never becomes text tokens; what a file consists of may, so its bytes stay counted.
 */
export function measureInput(object: Outline, keys: MediaKeys): Pick<RequestFacts, 'inputBytes' | 'media'> {
  let inputBytes = object.bytes.length;
  const media: { [Kind in MediaKind]?: number } = {};
  for (const { key, span } of object.found) {
    const kind = keys[key] as MediaKind;
    media[kind] = (media[kind] ?? 0) + 1;
    if (kind !== 'file') inputBytes -= span.end - span.start;
  }
  return object.found.length === 0 ? { inputBytes } : { inputBytes, media };
}
