import type { OpenedRequest, RequestChanges } from '@genops/core';
import { memberValue, type Outline, outline, outlineMember } from '../json/outline.ts';
import { applySplices, setMembers } from '../json/splice.ts';
import { type MediaKind, measureInput } from '../request/media.ts';
import { requireModelOrDeployment } from '../request/model.ts';
import { readNeeds } from '../request/needs.ts';
import {
  checkName,
  countParameter,
  flagParameter,
  isGiven,
  requireList,
  textParameter,
  wrong,
} from '../request/parameters.ts';
import { readUsageRequested, requestUsage } from '../request/stream-options.ts';
import { present } from '../usage/fields.ts';

/** Content parts of messages that are no text, by the key that holds them. */
const mediaKinds: Readonly<Record<string, MediaKind>> = {
  image_url: 'image',
  input_audio: 'audio',
  video_url: 'video',
  input_video: 'video',
  file: 'file',
};

const find = { within: ['messages'], keys: Object.keys(mediaKinds) };

/** Most answers that one request may ask for, here and at every provider. */
const maximumChoices = 128;

/** Two names for one cap: the newer one also covers reasoning, the older one more providers know. */
export type CapParameter = 'max_completion_tokens' | 'max_tokens';

/**
 * Opens a Chat Completions request.
 *
 * @param path - names the deployment that decides the model, where there is one (Azure)
 * @param caps - those that the provider heeds, the one first that is added when the caller set none
 * @throws {InvalidRequestError} when no provider could serve it
 */
export function openChatRequest(
  bytes: Uint8Array,
  path: string,
  caps: readonly CapParameter[],
): OpenedRequest {
  const body = outline(bytes, { find });
  const requestModel = requireModelOrDeployment(body, path);
  requireList(body, 'messages');
  const usageRequested = readUsageRequested(body);
  const facts = present<OpenedRequest['facts']>({
    requestModel,
    alternativeModels: readAlternatives(body),
    stream: flagParameter(body, 'stream') ?? false,
    choices: countParameter(body, 'n', { most: maximumChoices }) ?? 1,
    maxOutputTokens: readCap(body, caps),
    serviceTier: textParameter(body, 'service_tier'),
    ...measureInput(body, (_body, { key }) => mediaKinds[key]),
    needs: readNeeds(body, ['response_format']),
    options: readOptions(body),
  });
  return { facts, usageRequested, rewrite: (changes) => rewrite(bytes, body, caps, changes) };
}

/** The higher one when both are set, because providers differ in which they prefer. */
function readCap(body: Outline, caps: readonly CapParameter[]): number | undefined {
  const written = caps.map((key) => countParameter(body, key)).filter((cap) => cap !== undefined);
  return written.length === 0 ? undefined : Math.max(...written);
}

function rewrite(
  bytes: Uint8Array,
  body: Outline,
  caps: readonly CapParameter[],
  { model, maxOutputTokens, reportUsage = false }: RequestChanges,
): Uint8Array {
  const members = setMembers(body, { model, ...capChanges(body, caps, maxOutputTokens) });
  return applySplices(bytes, [...members, ...(reportUsage ? requestUsage(body) : [])]);
}

/** Every heeded cap that the caller wrote is set, else the first one is added. */
function capChanges(
  body: Outline,
  caps: readonly CapParameter[],
  cap: number | undefined,
): Readonly<Record<string, number | undefined>> {
  const written = caps.filter((key) => isGiven(body, key));
  const keys = written.length > 0 ? written : caps.slice(0, 1);
  return Object.fromEntries(keys.map((key) => [key, cap]));
}

/** OpenRouter's `models`: any of them may serve, and be charged for. */
function readAlternatives(body: Outline): readonly string[] | undefined {
  const models = memberValue(body, 'models') ?? undefined;
  if (models === undefined) return undefined;
  if (!Array.isArray(models)) throw wrong('models', models, 'an array of model names');
  return models.length === 0 ? undefined : models.map((model) => checkName('models', model));
}

/** What else a price may depend on. */
function readOptions(body: Outline): OpenedRequest['facts']['options'] {
  const search = outlineMember(body, 'web_search_options');
  const modalities = memberValue(body, 'modalities');
  const options = present<NonNullable<OpenedRequest['facts']['options']>>({
    searchContextSize: search && (textParameter(search, 'search_context_size') ?? 'medium'),
    outputAudio: Array.isArray(modalities) && modalities.includes('audio') ? true : undefined,
    outputImage: Array.isArray(modalities) && modalities.includes('image') ? true : undefined,
  });
  return Object.keys(options).length === 0 ? undefined : options;
}
