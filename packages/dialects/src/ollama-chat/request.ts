import type { OpenedRequest } from '@genops/core';
import { memberValue, type Outline, outline, outlineMember } from '../json/outline.ts';
import { type FoundMember, openBracket } from '../json/scan.ts';
import { applySplices, type Splice, setMembers } from '../json/splice.ts';
import { measureInput } from '../request/media.ts';
import { requireModel } from '../request/model.ts';
import { checkCount, flagParameter, requireList } from '../request/parameters.ts';
import { present } from '../usage/fields.ts';

/** Where images stand, as lists. What a tool is given is data, and text. */
const find = { within: ['messages'], keys: ['images'], opaque: ['arguments'] };

/**
 * Opens a chat request of Ollama's own API, which streams unless told not to. Its answers always carry usage.
 *
 * @throws {InvalidRequestError} when Ollama could not serve it
 */
export function openOllamaRequest(bytes: Uint8Array): OpenedRequest {
  const body = outline(bytes, { find });
  requireList(body, 'messages');
  const options = outlineMember(body, 'options');
  const facts = present<OpenedRequest['facts']>({
    requestModel: requireModel(body),
    stream: flagParameter(body, 'stream') ?? true,
    choices: 1,
    maxOutputTokens: options && readCap(options),
    ...measureInput(body, classify, { countIn: countImages }),
  });
  return {
    facts,
    usageRequested: true,
    rewrite: ({ model, maxOutputTokens }) =>
      applySplices(bytes, [...setMembers(body, { model }), ...setCap(body, options, maxOutputTokens)]),
  };
}

/** Two negative numbers are words of the format: without end, and until the context is full. */
function readCap(options: Outline): number | undefined {
  const cap = memberValue(options, 'num_predict') ?? undefined;
  return cap === undefined || cap === -1 || cap === -2 ? undefined : checkCount('num_predict', cap);
}

function setCap(body: Outline, options: Outline | undefined, cap: number | undefined): readonly Splice[] {
  if (cap === undefined) return [];
  return options === undefined
    ? setMembers(body, { options: { num_predict: cap } })
    : setMembers(options, { num_predict: cap });
}

function classify({ bytes }: Outline, { span }: FoundMember): 'image' | undefined {
  return bytes[span.start] === openBracket ? 'image' : undefined;
}

/** Each image is a string of Base64, which has no quotes inside. */
function countImages({ bytes }: Outline, { span }: FoundMember): number {
  let quotes = 0;
  for (let at = bytes.indexOf('"', span.start); at !== -1 && at < span.end; at = bytes.indexOf('"', at + 1)) {
    quotes += 1;
  }
  return Math.ceil(quotes / 2);
}
