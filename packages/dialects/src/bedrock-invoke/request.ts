import { InvalidRequestError, type OpenedRequest } from '@genops/core';
import { openMessagesRequest } from '../anthropic-messages/request.ts';
import { mediaKinds } from '../bedrock-converse/request.ts';
import { type Outline, outline, outlineMember } from '../json/outline.ts';
import { openBrace } from '../json/scan.ts';
import { applySplices, type Splice, setMembers } from '../json/splice.ts';
import { measureInput } from '../request/media.ts';
import { countParameter, textParameter } from '../request/parameters.ts';
import { pathModel } from '../request/path-model.ts';
import { present } from '../usage/fields.ts';

/** `/model/<id or ARN>/invoke`, or its streaming form. */
const invokePath = pathModel(/\/model\/([^/?]+)\/invoke(?:-with-response-stream)?(?:\?|$)/);

/** Where a maker's models take the cap of their answers: a member, or a member of a member. */
const capOf: readonly (readonly [makers: RegExp, path: readonly string[]])[] = [
  [/amazon\.nova/, ['inferenceConfig', 'maxTokens']],
  [/amazon\.titan-text/, ['textGenerationConfig', 'maxTokenCount']],
  [/meta\.llama/, ['max_gen_len']],
  [/openai\./, ['max_completion_tokens']],
  [/(?:mistral|cohere|ai21|deepseek|qwen|writer|moonshot|minimax|google)\./, ['max_tokens']],
];

/** Where media stand in the bodies of Amazon's own models. */
const find = { within: ['messages', 'system'], keys: Object.keys(mediaKinds), opaque: ['input', 'json'] };

/**
 * Opens an InvokeModel request: a body in the format of the model's maker. Anthropic's are read as messages;
 * of the others, how long they are and how long their answer may get.
 *
 * @throws {InvalidRequestError} when no provider could serve it
 */
export function openInvokeRequest(bytes: Uint8Array, path: string): OpenedRequest {
  const requestModel = invokePath.readIn(path);
  if (requestModel === undefined) throw new InvalidRequestError('The path names no model', 'modelId');
  if (/anthropic\./.test(requestModel)) {
    const { facts, ...opened } = openMessagesRequest(bytes, path);
    return { ...opened, facts: { ...facts, stream: streams(path) } };
  }
  const body = outline(bytes, { find });
  const place = capOf.find(([makers]) => makers.test(requestModel))?.[1];
  return {
    facts: present<OpenedRequest['facts']>({
      requestModel,
      stream: streams(path),
      choices: 1,
      maxOutputTokens: place && capAt(body, place),
      ...measureInput(body, ({ bytes: all }, { key, span }) =>
        all[span.start] === openBrace ? mediaKinds[key] : undefined,
      ),
    }),
    usageRequested: true,
    rewrite: ({ maxOutputTokens }) => applySplices(bytes, setCap(body, place, maxOutputTokens)),
    rewritePath: ({ model }) => invokePath.rename(path, model),
  };
}

/** Most images that one request may ask for. */
const maximumImages = 5;

/**
 * Opens an InvokeModel request for images.
 *
 * @throws {InvalidRequestError} when no provider could serve it
 */
export function openImagesRequest(bytes: Uint8Array, path: string): OpenedRequest {
  const opened = openInvokeRequest(bytes, path);
  const config = outlineMember(outline(bytes), 'imageGenerationConfig');
  const images = config && countParameter(config, 'numberOfImages', { most: maximumImages });
  const [width, height] = ['width', 'height'].map((side) => config && countParameter(config, side));
  const quality = config && textParameter(config, 'quality');
  return {
    ...opened,
    facts: {
      ...opened.facts,
      choices: images ?? 1,
      options: {
        ...(width !== undefined && height !== undefined && { imageSize: `${width}x${height}` }),
        ...(quality !== undefined && { imageQuality: quality }),
      },
    },
    rewrite: () => bytes,
  };
}

function streams(path: string): boolean {
  return /\/invoke-with-response-stream(?:\?|$)/.test(path);
}

function capAt(body: Outline, [first = '', second]: readonly string[]): number | undefined {
  if (second === undefined) return countParameter(body, first);
  const inner = outlineMember(body, first);
  return inner && countParameter(inner, second);
}

function setCap(
  body: Outline,
  place: readonly string[] | undefined,
  cap: number | undefined,
): readonly Splice[] {
  if (place === undefined || cap === undefined) return [];
  const [first = '', second] = place;
  if (second === undefined) return setMembers(body, { [first]: cap });
  const inner = outlineMember(body, first);
  return inner === undefined
    ? setMembers(body, { [first]: { [second]: cap } })
    : setMembers(inner, { [second]: cap });
}
