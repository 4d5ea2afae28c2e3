import { InvalidRequestError, type OpenedRequest, type RequestChanges } from '@genops/core';
import { type Outline, outline, outlineAt, outlineMember } from '../json/outline.ts';
import { type FoundMember, openBrace } from '../json/scan.ts';
import { applySplices, setMembers } from '../json/splice.ts';
import { type MediaKind, measureInput, mediaKindOf } from '../request/media.ts';
import { readNeeds } from '../request/needs.ts';
import { countParameter, isGiven, mentions, requireList, textParameter } from '../request/parameters.ts';
import { pathModel } from '../request/path-model.ts';
import { present } from '../usage/fields.ts';
import { snakeCaseOf, spellingOf } from './spelling.ts';

const camelKeys = ['inlineData', 'fileData'];

/** Parts that are media, however they are spelled. */
export const mediaKeys: readonly string[] = [...camelKeys, ...camelKeys.map(snakeCaseOf)];

/** Where media stand. What a function is given or gave is data of the caller's own, and text. */
const find = {
  within: ['contents', 'systemInstruction', 'system_instruction'],
  keys: mediaKeys,
  opaque: ['args', 'response'],
};

/** Most answers that one request may ask for. */
const maximumCandidates = 8;

/** `…/models/<model>:generateContent`, and all else that is asked of a model. */
export const geminiPath = pathModel(/\/(?:models|tunedModels|endpoints)\/([^/:?]+):/);

/**
 * Opens a `generateContent` request, whose model and whether it streams stand in the path. Its answers
 * always carry usage.
 *
 * @throws {InvalidRequestError} when no provider could serve it
 */
export function openGeminiRequest(bytes: Uint8Array, path: string): OpenedRequest {
  const requestModel = requireModelIn(path);
  const body = outline(bytes, { find });
  requireList(body, 'contents');
  const config = outlineMember(body, spellingOf(body, 'generationConfig'));
  const cachedContent = isGiven(body, spellingOf(body, 'cachedContent'));
  const facts = present<OpenedRequest['facts']>({
    requestModel,
    stream: /:streamGenerateContent/.test(path),
    choices: countIn(config, 'candidateCount', maximumCandidates) ?? 1,
    maxOutputTokens: countIn(config, 'maxOutputTokens'),
    serviceTier: textParameter(body, spellingOf(body, 'serviceTier')),
    ...measureInput(body, classifyPart, { references: cachedContent ? 1 : 0 }),
    needs: readNeeds(
      body,
      ['generationConfig', 'generation_config'],
      ['"responseSchema"', '"response_schema"', '"responseJsonSchema"'],
    ),
    options: readOptions(body),
  });
  return {
    facts,
    usageRequested: true,
    rewrite: (changes) => rewrite(bytes, body, config, changes),
    rewritePath: ({ model }) => geminiPath.rename(path, model),
  };
}

/** @throws {InvalidRequestError} when the path names no model */
export function requireModelIn(path: string): string {
  const model = geminiPath.readIn(path);
  if (model === undefined) throw new InvalidRequestError('The path names no model', 'model');
  return model;
}

function countIn(config: Outline | undefined, key: string, most?: number): number | undefined {
  if (config === undefined) return undefined;
  return countParameter(config, spellingOf(config, key), most === undefined ? {} : { most });
}

/** What a part of a content is, by its MIME type. */
export function classifyPart(body: Outline, { span }: FoundMember): MediaKind | undefined {
  if (body.bytes[span.start] !== openBrace) return undefined;
  const data = outlineAt(body, span.start);
  return mediaKindOf(textParameter(data, spellingOf(data, 'mimeType')));
}

/** What else a price may depend on. */
function readOptions(body: Outline): OpenedRequest['facts']['options'] {
  const searches = mentions(body, 'tools', '"googleSearch') || mentions(body, 'tools', '"google_search');
  return searches ? { grounding: true } : undefined;
}

function rewrite(
  bytes: Uint8Array,
  body: Outline,
  config: Outline | undefined,
  { maxOutputTokens }: RequestChanges,
): Uint8Array {
  if (maxOutputTokens === undefined) return bytes;
  return applySplices(
    bytes,
    config === undefined
      ? setMembers(body, { [spellingOf(body, 'generationConfig')]: { maxOutputTokens } })
      : setMembers(config, { [spellingOf(config, 'maxOutputTokens')]: maxOutputTokens }),
  );
}
