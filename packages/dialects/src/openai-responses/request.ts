import { InvalidRequestError, type OpenedRequest } from '@genops/core';
import { memberValue, type Outline, outline, parseSpan } from '../json/outline.ts';
import type { FoundMember } from '../json/scan.ts';
import { applySplices, setMembers } from '../json/splice.ts';
import { type MediaKind, measureInput } from '../request/media.ts';
import { requireModelOrDeployment } from '../request/model.ts';
import { readNeeds } from '../request/needs.ts';
import {
  countParameter,
  flagParameter,
  isGiven,
  isNull,
  mentions,
  requireTextOrList,
  textParameter,
} from '../request/parameters.ts';
import { at, present, textAt } from '../usage/fields.ts';

/** Members of input items that hold media. A `file_id` is of the kind that its item says. */
const mediaKinds: Readonly<Record<string, MediaKind>> = {
  image_url: 'image',
  input_audio: 'audio',
  file_data: 'file',
  file_url: 'file',
  file_id: 'file',
};

const find = { within: ['input'], keys: Object.keys(mediaKinds) };

/** What else the model is given, by reference: its size is not in the request. */
const references = ['previous_response_id', 'conversation', 'prompt'];

/**
 * Opens a request of the Responses API. Its streams always end with usage.
 *
 * @throws {InvalidRequestError} when no provider could serve it, or a stored prompt hides the model
 */
export function openResponsesRequest(bytes: Uint8Array, path: string): OpenedRequest {
  const body = outline(bytes, { find });
  const referred = references.filter((key) => isGiven(body, key));
  if (isGiven(body, 'input')) requireTextOrList(body, 'input');
  else if (referred.length === 0) throw new InvalidRequestError('The parameter "input" is missing', 'input');
  const facts = present<OpenedRequest['facts']>({
    requestModel: requireModelOrDeployment(body, path),
    stream: flagParameter(body, 'stream') ?? false,
    choices: 1,
    maxOutputTokens: countParameter(body, 'max_output_tokens'),
    serviceTier: textParameter(body, 'service_tier'),
    ...measureInput(body, classify, { references: referred.length }),
    needs: readNeeds(body, ['text']),
    options: readOptions(body),
  });
  return {
    facts,
    usageRequested: true,
    rewrite: ({ model, maxOutputTokens }) =>
      applySplices(bytes, setMembers(body, { model, max_output_tokens: maxOutputTokens })),
  };
}

function classify(body: Outline, { key, span, type }: FoundMember): MediaKind | undefined {
  if (isNull(body.bytes, span)) return undefined;
  if (key !== 'file_id') return mediaKinds[key];
  return type !== undefined && parseSpan(body.bytes, type) === 'input_image' ? 'image' : 'file';
}

/** What else a price may depend on. Work in the background answers before it has usage. */
function readOptions(body: Outline): OpenedRequest['facts']['options'] {
  const search = mentions(body, 'tools', '"web_search') ? findTool(body, /^web_search/) : undefined;
  const options = present<NonNullable<OpenedRequest['facts']['options']>>({
    searchContextSize: search === undefined ? undefined : (textAt(search, 'search_context_size') ?? 'medium'),
    background: flagParameter(body, 'background') === true ? true : undefined,
  });
  return Object.keys(options).length === 0 ? undefined : options;
}

function findTool(body: Outline, type: RegExp): unknown {
  const tools = memberValue(body, 'tools');
  return Array.isArray(tools) ? tools.find((tool) => type.test(String(at(tool, 'type')))) : undefined;
}
