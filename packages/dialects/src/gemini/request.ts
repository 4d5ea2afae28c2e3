import { InvalidRequestError, type OpenedRequest, type RequestChanges } from '@genops/core';
import { type Outline, outline, outlineAt, outlineMember } from '../json/outline.ts';
import { type FoundMember, openBrace } from '../json/scan.ts';
import { applySplices, setMembers } from '../json/splice.ts';
import { type MediaKind, measureInput, mediaKindOf } from '../request/media.ts';
import { modelInPath } from '../request/model.ts';
import { readNeeds } from '../request/needs.ts';
import { countParameter, isGiven, mentions, requireList, textParameter } from '../request/parameters.ts';
import { present } from '../usage/fields.ts';
import { snakeCaseOf, spellingOf } from './spelling.ts';

const mediaKeys = ['inlineData', 'fileData'];

/** Where media stand. What a function is given or gave is data of the caller's own, and text. */
const find = {
  within: ['contents', 'systemInstruction', 'system_instruction'],
  keys: [...mediaKeys, ...mediaKeys.map(snakeCaseOf)],
  opaque: ['args', 'response'],
};

/** Most answers that one request may ask for. */
const maximumCandidates = 8;

/** `…/models/<model>:generateContent`, or its streaming form. */
const modelPath = /\/(?:models|tunedModels|endpoints)\/([^/:?]+):/;

/**
 * Opens a `generateContent` request, whose model and whether it streams stand in the path. Its answers
 * always carry usage.
 *
 * @throws {InvalidRequestError} when no provider could serve it
 */
export function openGeminiRequest(bytes: Uint8Array, path: string): OpenedRequest {
  const requestModel = modelInPath(path, modelPath);
  if (requestModel === undefined) throw new InvalidRequestError('The path names no model', 'model');
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
    ...measureInput(body, classify, { references: cachedContent ? 1 : 0 }),
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
    rewritePath: ({ model }) =>
      model === undefined || model === requestModel
        ? path
        : path.replace(modelPath, (found, encoded: string) =>
            found.replace(encoded, encodeURIComponent(model)),
          ),
  };
}

function countIn(config: Outline | undefined, key: string, most?: number): number | undefined {
  if (config === undefined) return undefined;
  return countParameter(config, spellingOf(config, key), most === undefined ? {} : { most });
}

function classify(body: Outline, { span }: FoundMember): MediaKind | undefined {
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
