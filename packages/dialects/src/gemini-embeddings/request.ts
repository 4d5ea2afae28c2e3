import { InvalidRequestError, type OpenedRequest } from '@genops/core';
import { classifyPart, geminiPath, mediaKeys, requireModelIn } from '../gemini/request.ts';
import { outline } from '../json/outline.ts';
import { measureInput } from '../request/media.ts';
import { isGiven, requireList } from '../request/parameters.ts';
import { present } from '../usage/fields.ts';

/** Where media stand, in one content or in each of many. */
const find = { within: ['content', 'requests'], keys: mediaKeys };

/**
 * Opens `embedContent` or `batchEmbedContents`, whose model stands in the path.
 *
 * @throws {InvalidRequestError} when no provider could serve it
 */
export function openGeminiEmbeddings(bytes: Uint8Array, path: string): OpenedRequest {
  const requestModel = requireModelIn(path);
  const body = outline(bytes, { find });
  if (/:batchEmbedContents/.test(path)) requireList(body, 'requests');
  else if (!isGiven(body, 'content'))
    throw new InvalidRequestError('The parameter "content" is missing', 'content');
  return {
    facts: present<OpenedRequest['facts']>({
      requestModel,
      stream: false,
      choices: 1,
      ...measureInput(body, classifyPart),
    }),
    usageRequested: true,
    rewrite: () => bytes,
    rewritePath: ({ model }) => geminiPath.rename(path, model),
  };
}
