import type { OpenedRequest, RequestChanges } from '@genops/core';
import { memberValue, type Outline, outline, outlineMember } from '../json/outline.ts';
import { applySplices, setMembers } from '../json/splice.ts';
import { type MediaKind, measureInput } from '../request/media.ts';
import { requireModelOrDeployment } from '../request/model.ts';
import {
  checkName,
  countParameter,
  flagParameter,
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

/**
 * Opens a Chat Completions request.
 *
 * @param path - names the deployment that decides the model, where there is one (Azure)
 * @throws {InvalidRequestError} when no provider could serve it
 */
export function openChatRequest(bytes: Uint8Array, path: string): OpenedRequest {
  const body = outline(bytes, { find });
  const requestModel = requireModelOrDeployment(body, path);
  requireList(body, 'messages');
  const usageRequested = readUsageRequested(body);
  const facts = present<OpenedRequest['facts']>({
    requestModel,
    alternativeModels: readAlternatives(body),
    stream: flagParameter(body, 'stream') ?? false,
    choices: countParameter(body, 'n', { most: maximumChoices }) ?? 1,
    maxOutputTokens: readCap(body),
    serviceTier: textParameter(body, 'service_tier'),
    ...measureInput(body, (_body, { key }) => mediaKinds[key]),
    options: readOptions(body),
  });
  return { facts, usageRequested, rewrite: (changes) => rewrite(bytes, body, changes) };
}

/** Two names for one cap: the old one, and the one that also covers reasoning. */
const capKeys = ['max_completion_tokens', 'max_tokens'] as const;

/** The higher one when both are set, because providers differ in which they heed. */
function readCap(body: Outline): number | undefined {
  const caps = capKeys.map((key) => countParameter(body, key)).filter((cap) => cap !== undefined);
  return caps.length === 0 ? undefined : Math.max(...caps);
}

function rewrite(
  bytes: Uint8Array,
  body: Outline,
  { model, maxOutputTokens, reportUsage = false }: RequestChanges,
): Uint8Array {
  const members = setMembers(body, { model, ...capChanges(body, maxOutputTokens) });
  return applySplices(bytes, [...members, ...(reportUsage ? requestUsage(body) : [])]);
}

/** Every cap that the caller wrote is set, else the newer one is added. */
function capChanges(body: Outline, cap: number | undefined): Readonly<Record<string, number | undefined>> {
  const written = capKeys.filter((key) => (memberValue(body, key) ?? undefined) !== undefined);
  const keys = written.length > 0 ? written : capKeys.slice(0, 1);
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
