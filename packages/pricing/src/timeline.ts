import type { Catalog } from './catalog.ts';
import { type CompiledVersion, compileVersion } from './compiled-version.ts';
import type { Modifier, PricedModelEntry, PriceFile, PriceVersion } from './schema.ts';

/** A listing of a model in one catalogue. */
export interface Listing {
  readonly catalog: Catalog;
  readonly file: PriceFile;
  readonly entry: PricedModelEntry;
}

/** What holds between two instants, in milliseconds since 1970: start inclusive, end exclusive. */
export interface Segment {
  readonly from: number;
  readonly until: number;
  /** Absent when no price holds. */
  readonly prices: CompiledVersion | undefined;
  readonly reference: SegmentReference | undefined;
}

/** Where a segment's prices come from. */
export interface SegmentReference {
  readonly id: string;
  readonly catalog: string;
  /** Absent for a user's own undated price. */
  readonly retrievedAt: { readonly text: string; readonly milliseconds: number } | undefined;
}

/**
 * Lays the listings of one model over one another, the first on top: at each instant the topmost prices
 * hold, together with the modifiers that lie above them.
 *
 * @returns segments in order, without gaps, from the beginning to the end of time
 */
export function layTimeline(listings: readonly Listing[]): readonly [Segment, ...Segment[]] {
  const bands = listings.map((listing) => ({ listing, spans: spansOf(listing.entry.versions) }));
  const edges = new Set([Number.NEGATIVE_INFINITY]);
  for (const { spans } of bands) {
    for (const { from, until } of spans) edges.add(from).add(until);
  }
  edges.delete(Number.POSITIVE_INFINITY);
  const starts = [...edges].sort((left, right) => left - right);
  return starts.map((from, index) => {
    const until = starts[index + 1] ?? Number.POSITIVE_INFINITY;
    const above: Modifier[] = [];
    for (const { listing, spans } of bands) {
      const span = spans.find((candidate) => candidate.from <= from && from < candidate.until);
      if (span === undefined) continue;
      if (isOnlyModifiers(span.version)) above.push(...(span.version.modifiers ?? []));
      else return segment(from, until, listing, span.version, above);
    }
    return { from, until, prices: undefined, reference: undefined };
  }) as readonly Segment[] as readonly [Segment, ...Segment[]];
}

/** The segment that an instant falls into. */
export function segmentAt(segments: readonly [Segment, ...Segment[]], at: number): Segment {
  let found = segments[0];
  for (const segment of segments) {
    if (segment.from > at) break;
    found = segment;
  }
  return found;
}

function isOnlyModifiers(version: PriceVersion): boolean {
  return version.rates === undefined && version.free === undefined;
}

function segment(
  from: number,
  until: number,
  { catalog, file, entry }: Listing,
  version: PriceVersion,
  above: readonly Modifier[],
): Segment {
  let compiled: CompiledVersion | undefined;
  const source = version.source === undefined ? undefined : file.sources?.[version.source];
  const retrievedAt = source?.retrievedAt ?? version.validFrom;
  return {
    from,
    until,
    // Compiled when first needed: most listings are never asked for.
    get prices() {
      compiled ??= compileVersion(version, file, above);
      return compiled;
    },
    reference: {
      id: `${file.provider}/${entry.model}@${version.validFrom ?? 'initial'}`,
      catalog: catalog.hash,
      retrievedAt:
        retrievedAt === undefined ? undefined : { text: retrievedAt, milliseconds: Date.parse(retrievedAt) },
    },
  };
}

interface Span {
  readonly from: number;
  readonly until: number;
  readonly version: PriceVersion;
}

/** Versions in order; each ends where it says, and at the latest where the next one begins. */
function spansOf(versions: readonly PriceVersion[]): readonly Span[] {
  const ordered = versions
    .map((version) => ({
      version,
      from: version.validFrom === undefined ? Number.NEGATIVE_INFINITY : Date.parse(version.validFrom),
      until: version.validTo === undefined ? Number.POSITIVE_INFINITY : Date.parse(version.validTo),
    }))
    .sort((left, right) => left.from - right.from);
  return ordered.map((span, index) => ({
    ...span,
    until: Math.min(span.until, ordered[index + 1]?.from ?? Number.POSITIVE_INFINITY),
  }));
}
