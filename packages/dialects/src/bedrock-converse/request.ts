import { InvalidRequestError, type OpenedRequest } from '@genops/core';
import { type Outline, outline, outlineMember } from '../json/outline.ts';
import { openBrace } from '../json/scan.ts';
import { applySplices, type Splice, setMembers } from '../json/splice.ts';
import { type MediaKind, measureInput } from '../request/media.ts';
import { countParameter, requireList, textParameter } from '../request/parameters.ts';
import { pathModel } from '../request/path-model.ts';
import { present } from '../usage/fields.ts';

/** Content blocks that are no text, by the key that holds them. */
export const mediaKinds: Readonly<Record<string, MediaKind>> = {
  image: 'image',
  video: 'video',
  audio: 'audio',
  document: 'file',
};

/** Where media stand. What a tool is given or gave as data is text, whatever it looks like. */
const find = { within: ['messages', 'system'], keys: Object.keys(mediaKinds), opaque: ['input', 'json'] };

/** `/model/<id or ARN>/converse`, or its streaming form. */
const conversePath = pathModel(/\/model\/(.+)\/converse(?:-stream)?(?:\?|$)/);

/**
 * Opens a Converse request, whose model and whether it streams stand in the path. Its answers always carry
 * usage.
 *
 * @throws {InvalidRequestError} when no provider could serve it
 */
export function openConverseRequest(bytes: Uint8Array, path: string): OpenedRequest {
  const requestModel = conversePath.readIn(path);
  if (requestModel === undefined) throw new InvalidRequestError('The path names no model', 'modelId');
  const body = outline(bytes, { find });
  requireList(body, 'messages');
  const config = outlineMember(body, 'inferenceConfig');
  const tier = outlineMember(body, 'serviceTier');
  const performance = outlineMember(body, 'performanceConfig');
  const latency = performance && textParameter(performance, 'latency');
  const facts = present<OpenedRequest['facts']>({
    requestModel,
    stream: /\/converse-stream(?:\?|$)/.test(path),
    choices: 1,
    maxOutputTokens: config && countParameter(config, 'maxTokens'),
    serviceTier: tier && textParameter(tier, 'type'),
    ...measureInput(body, ({ bytes: all }, { key, span }) =>
      all[span.start] === openBrace ? mediaKinds[key] : undefined,
    ),
    options: latency === undefined ? undefined : { latency },
  });
  return {
    facts,
    usageRequested: true,
    rewrite: ({ maxOutputTokens }) => applySplices(bytes, setCap(body, config, maxOutputTokens)),
    rewritePath: ({ model }) => conversePath.rename(path, model),
  };
}

function setCap(
  body: Outline,
  config: Outline | undefined,
  maxTokens: number | undefined,
): readonly Splice[] {
  if (maxTokens === undefined) return [];
  return config === undefined
    ? setMembers(body, { inferenceConfig: { maxTokens } })
    : setMembers(config, { maxTokens });
}
