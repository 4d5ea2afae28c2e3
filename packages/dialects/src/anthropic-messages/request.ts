import { InvalidRequestError, type OpenedRequest, type RequestChanges } from '@genops/core';
import { memberValue, type Outline, outline, outlineAt, parseSpan } from '../json/outline.ts';
import { type FoundMember, openBrace } from '../json/scan.ts';
import { applySplices, setMembers } from '../json/splice.ts';
import { type MediaKind, measureInput, mediaKindOf } from '../request/media.ts';
import { requireModel } from '../request/model.ts';
import { readNeeds } from '../request/needs.ts';
import {
  checkCount,
  checkName,
  countParameter,
  flagParameter,
  mentions,
  requireList,
  textParameter,
  wrong,
} from '../request/parameters.ts';
import { pathModel } from '../request/path-model.ts';
import { at, present, textAt } from '../usage/fields.ts';

/** Where media stand in messages. What a tool is given or gave as data is text, whatever it looks like. */
const find = { within: ['messages', 'system'], keys: ['source'], opaque: ['input'] };

/** Vertex and Bedrock name the model in the path. */
const messagesPath = pathModel(
  /\/models\/([^/:?]+):(?:streamRawPredict|rawPredict)/,
  /\/model\/([^/?]+)\/invoke(?:-with-response-stream)?(?:\?|$)/,
);

/**
 * Opens a Messages request. Its streams always carry usage.
 *
 * @param path - names the model where Vertex or Bedrock serves the format
 * @throws {InvalidRequestError} when no provider could serve it
 */
export function openMessagesRequest(bytes: Uint8Array, path: string): OpenedRequest {
  const body = outline(bytes, { find });
  const model = messagesPath.readIn(path);
  requireList(body, 'messages');
  const cap = countParameter(body, 'max_tokens');
  if (cap === undefined) throw new InvalidRequestError('The parameter "max_tokens" is missing', 'max_tokens');
  const fallbacks = readFallbacks(body);
  const alternatives = [...fallbacks.map((fallback) => fallback.model), ...readAdvisors(body)];
  const facts = present<OpenedRequest['facts']>({
    requestModel: model ?? requireModel(body),
    alternativeModels: alternatives.length === 0 ? undefined : alternatives,
    stream: flagParameter(body, 'stream') ?? /:streamRawPredict|\/invoke-with-response-stream/.test(path),
    choices: 1,
    maxOutputTokens: Math.max(cap, ...fallbacks.map((fallback) => fallback.maxTokens ?? 0)),
    serviceTier: textParameter(body, 'service_tier'),
    ...measureInput(body, classify),
    needs: readNeeds(body, ['output_config', 'output_format']),
    options: readOptions(body),
  });
  return {
    facts,
    usageRequested: true,
    rewrite: ({ model: name, ...changes }) =>
      rewrite(bytes, body, model === undefined && name !== undefined ? { ...changes, model: name } : changes),
    ...(model !== undefined && { rewritePath: ({ model: name }) => messagesPath.rename(path, name) }),
  };
}

/** Another model that is to answer when the first declines, with a cap of its own. */
interface Fallback {
  readonly model: string;
  readonly maxTokens: number | undefined;
}

/** @throws {InvalidRequestError} when one of them names no model or has a cap that cannot be */
function readFallbacks(body: Outline): readonly Fallback[] {
  const fallbacks = memberValue(body, 'fallbacks') ?? undefined;
  if (fallbacks === undefined || fallbacks === 'default') return [];
  if (!Array.isArray(fallbacks)) throw wrong('fallbacks', fallbacks, 'an array or "default"');
  return fallbacks.map((fallback) => {
    const maxTokens = at(fallback, 'max_tokens') ?? undefined;
    return {
      model: checkName('fallbacks', at(fallback, 'model')),
      maxTokens: maxTokens === undefined ? undefined : checkCount('fallbacks', maxTokens),
    };
  });
}

/** Models that a tool on the provider's side asks, charged beside the one that answers. */
function readAdvisors(body: Outline): readonly string[] {
  if (!mentions(body, 'tools', '"advisor_')) return [];
  const tools = memberValue(body, 'tools');
  const models = Array.isArray(tools) ? tools.map((tool) => textAt(tool, 'model')) : [];
  return models.filter((model) => model !== undefined);
}

/** A block says what it is by its type; documents given as plain text or as blocks are text. */
function classify(body: Outline, { span, type: block }: FoundMember): MediaKind | undefined {
  if (body.bytes[span.start] !== openBrace) return undefined;
  const source = outlineAt(body, span.start);
  const type = memberValue(source, 'type');
  if (type === 'text' || type === 'content') return undefined;
  return block !== undefined && parseSpan(body.bytes, block) === 'image'
    ? 'image'
    : mediaKindOf(textParameter(source, 'media_type'));
}

/** Searches on the provider's side, which are charged one by one: at most so many, or nobody says how many. */
function readSearches(body: Outline): { readonly grounding?: true; readonly webSearches?: number } {
  if (!mentions(body, 'tools', '"web_search_')) return {};
  const tools = memberValue(body, 'tools');
  const searches = Array.isArray(tools)
    ? tools.filter((tool) => /^web_search_\d/.test(textAt(tool, 'type') ?? ''))
    : [];
  if (searches.length === 0) return {};
  const caps = searches.map((tool) => at(tool, 'max_uses'));
  return caps.every((cap) => Number.isSafeInteger(cap) && (cap as number) >= 0)
    ? { webSearches: (caps as readonly number[]).reduce((sum, cap) => sum + cap, 0) }
    : { grounding: true };
}

/** What else a price may depend on. */
function readOptions(body: Outline): OpenedRequest['facts']['options'] {
  const options = present<NonNullable<OpenedRequest['facts']['options']>>({
    speed: textParameter(body, 'speed'),
    inferenceGeo: textParameter(body, 'inference_geo'),
    serverFallbacks: memberValue(body, 'fallbacks') === 'default' ? true : undefined,
    ...readSearches(body),
  });
  return Object.keys(options).length === 0 ? undefined : options;
}

/** Fallbacks keep their own cap only as long as it is not above the new one. */
function rewrite(bytes: Uint8Array, body: Outline, { model, maxOutputTokens }: RequestChanges): Uint8Array {
  return applySplices(
    bytes,
    setMembers(body, {
      model,
      max_tokens: maxOutputTokens,
      fallbacks: maxOutputTokens === undefined ? undefined : cappedFallbacks(body, maxOutputTokens),
    }),
  );
}

function cappedFallbacks(body: Outline, cap: number): unknown {
  const fallbacks = readFallbacks(body);
  if (fallbacks.every(({ maxTokens }) => maxTokens === undefined || maxTokens <= cap)) return undefined;
  return (memberValue(body, 'fallbacks') as readonly object[]).map((fallback, index) =>
    (fallbacks[index]?.maxTokens ?? 0) > cap ? { ...fallback, max_tokens: cap } : fallback,
  );
}
