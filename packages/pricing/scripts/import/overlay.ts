import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { meters } from '@genops/core';
import { parse } from 'yaml';
import { z } from 'zod';
import { priceFileSchema } from '../../src/schema.ts';

const file = priceFileSchema.shape;
const model = file.models.element.shape;
const version = model.versions.element.shape;
const source = file.sources.unwrap().valueType;

const { source: _source, confidence: _confidence, ...versionWithoutSource } = version;

/** One reviewed fact. Where it was found, and when, is not optional. */
const rowSchema = z.strictObject({
  /** Name of one of the file's `sources`. */
  source: z.string(),
  /** What it is about; a model is made when no package lists it. `*` and `?` stand for any text and any letter. */
  models: z.array(z.string()).min(1),
  /** Takes prices and limits of the same models from another provider, modifiers left out. */
  copyFrom: file.provider.optional(),
  confidence: version.confidence,
  aliases: model.aliases,
  status: model.status,
  releasedAt: model.releasedAt,
  contextTokens: model.contextTokens,
  maxOutputTokens: model.maxOutputTokens,
  maxImageTokens: model.maxImageTokens,
  /** Takes the place of everything that was imported. */
  versions: z.array(z.strictObject(versionWithoutSource)).optional(),
  /** Added to the versions that are in force between these instants, the whole time when absent. */
  add: z
    .strictObject({
      from: version.validFrom,
      until: version.validTo,
      rates: version.rates,
      modifiers: version.modifiers,
    })
    .optional(),
  /** Adds a price that is a multiple of another one in each group that has the price named by `where`. */
  derive: z
    .array(
      z.strictObject({
        meter: z.enum(meters),
        from: z.enum(meters),
        factor: z.string(),
        where: z.enum(meters),
      }),
    )
    .optional(),
});

/** Reviewed facts about one provider: what no package has, and what packages have wrong. */
export const overlaySchema = z.strictObject({
  provider: file.provider,
  currency: file.currency,
  sources: z.record(z.string(), source),
  pricedAs: file.pricedAs,
  passThrough: file.passThrough,
  calendars: file.calendars,
  gatewayFees: file.gatewayFees,
  /** Shared by every model of the provider. */
  rates: file.rates,
  modifiers: file.modifiers,
  rows: z.array(rowSchema),
});

export type Overlay = z.output<typeof overlaySchema>;
export type OverlayRow = Overlay['rows'][number];

export function readOverlays(folder: string): readonly Overlay[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => parseOverlay(parse(readFileSync(join(folder, name), 'utf8')), name));
}

/** @throws {Error} for a float, an unknown key, a row without a source */
export function parseOverlay(data: unknown, name: string): Overlay {
  const result = overlaySchema.safeParse(data);
  if (!result.success) throw new Error(`${name}: ${z.prettifyError(result.error)}`);
  const overlay = result.data;
  const shared = [...(overlay.rates ?? []), ...(overlay.modifiers ?? [])];
  for (const { source } of [...overlay.rows, ...shared]) {
    if (source === undefined || overlay.sources[source] === undefined) {
      throw new Error(
        `${name}: a row names the source ${JSON.stringify(source)}, which the file does not have`,
      );
    }
  }
  return overlay;
}
