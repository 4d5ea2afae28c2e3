import type { RequestFacts } from '@genops/core';
import type { Outline } from '../json/outline.ts';
import type { FoundMember } from '../json/scan.ts';

export type MediaKind = keyof NonNullable<RequestFacts['media']>;

/** Says what a found member is: a medium, or `undefined` for text after all. */
export type Classify = (body: Outline, member: FoundMember) => MediaKind | undefined;

export interface MeasureOptions {
  /** More that the request only refers to, such as an earlier conversation; counts as files. @default 0 */
  readonly references?: number;
  /** How many media one found member holds. @default 1 each */
  readonly countIn?: (body: Outline, member: FoundMember) => number;
}

/**
 * Counts media parts and tells how many bytes of the body could be text. What an image, a recording or a
 * film consists of never becomes text tokens; what a file consists of may, so its bytes stay counted.
 */
export function measureInput(
  body: Outline,
  classify: Classify,
  { references = 0, countIn = () => 1 }: MeasureOptions = {},
): Pick<RequestFacts, 'inputBytes' | 'media'> {
  let inputBytes = body.bytes.length;
  const media: { [Kind in MediaKind]?: number } = references === 0 ? {} : { file: references };
  for (const member of body.found) {
    const kind = classify(body, member);
    if (kind === undefined) continue;
    media[kind] = (media[kind] ?? 0) + countIn(body, member);
    if (kind !== 'file') inputBytes -= member.span.end - member.span.start;
  }
  return Object.keys(media).length === 0 ? { inputBytes } : { inputBytes, media };
}

/** What a MIME type says: `image/png` is an image; whatever is no image, sound or film is a file. */
export function mediaKindOf(mimeType: unknown): MediaKind {
  const kind = typeof mimeType === 'string' ? mimeType.split('/', 1)[0] : undefined;
  return kind === 'image' || kind === 'audio' || kind === 'video' ? kind : 'file';
}
