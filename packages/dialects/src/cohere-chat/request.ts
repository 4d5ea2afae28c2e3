import type { OpenedRequest } from '@genops/core';
import { outline } from '../json/outline.ts';
import { applySplices, setMembers } from '../json/splice.ts';
import { measureInput } from '../request/media.ts';
import { requireModel } from '../request/model.ts';
import { countParameter, flagParameter, requireList } from '../request/parameters.ts';
import { present } from '../usage/fields.ts';

/** Where images stand. The documents that a message quotes are data, and text. */
const find = { within: ['messages'], keys: ['image_url'], opaque: ['document', 'data'] };

/**
 * Opens a chat request of Cohere's second version. Its streams always end with usage.
 *
 * @throws {InvalidRequestError} when no provider could serve it
 */
export function openCohereRequest(bytes: Uint8Array): OpenedRequest {
  const body = outline(bytes, { find });
  requireList(body, 'messages');
  const facts = present<OpenedRequest['facts']>({
    requestModel: requireModel(body),
    stream: flagParameter(body, 'stream') ?? false,
    choices: 1,
    maxOutputTokens: countParameter(body, 'max_tokens'),
    ...measureInput(body, () => 'image'),
  });
  return {
    facts,
    usageRequested: true,
    rewrite: ({ model, maxOutputTokens }) =>
      applySplices(bytes, setMembers(body, { model, max_tokens: maxOutputTokens })),
  };
}
