import { InvalidRequestError, type OpenedRequest, type RequestChanges } from '@genops/core';
import { memberValue, type Outline, outline, outlineMember } from '../json/outline.ts';
import { applySplices, setMembers } from '../json/splice.ts';
import { type MediaKeys, measureInput } from '../request/media.ts';
import {
  checkName,
  countParameter,
  flagParameter,
  nameParameter,
  requireList,
  textParameter,
  wrong,
} from '../request/parameters.ts';
import { present } from '../usage/fields.ts';

/** Content parts of messages that are no text, by the key that holds them. */
const mediaKeys: MediaKeys = {
  image_url: 'image',
  input_audio: 'audio',
  video_url: 'video',
  input_video: 'video',
  file: 'file',
};

const find = { within: ['messages'], keys: Object.keys(mediaKeys) };

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
  const requestModel = deploymentIn(path) ?? nameParameter(body, 'model');
  if (requestModel === undefined) throw new InvalidRequestError('The parameter "model" is missing', 'model');
  requireList(body, 'messages');
  const usageRequested = readUsageRequested(body);
  const facts = present<OpenedRequest['facts']>({
    requestModel,
    alternativeModels: readAlternatives(body),
    stream: flagParameter(body, 'stream') ?? false,
    choices: countParameter(body, 'n', maximumChoices) ?? 1,
    maxOutputTokens: readCap(body),
    serviceTier: textParameter(body, 'service_tier'),
    ...measureInput(body, mediaKeys),
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

function rewrite(bytes: Uint8Array, body: Outline, changes: RequestChanges): Uint8Array {
  const { model, maxOutputTokens, reportUsage } = changes;
  const streamOptions = reportUsage === true ? outlineMember(body, 'stream_options') : undefined;
  return applySplices(bytes, [
    ...setMembers(body, {
      model,
      ...capChanges(body, maxOutputTokens),
      stream_options: reportUsage === true && !streamOptions ? { include_usage: true } : undefined,
    }),
    ...(streamOptions ? setMembers(streamOptions, { include_usage: true }) : []),
  ]);
}

/** Every cap that the caller wrote is set, else the newer one is added. */
function capChanges(body: Outline, cap: number | undefined): Readonly<Record<string, number | undefined>> {
  const written = capKeys.filter((key) => (memberValue(body, key) ?? undefined) !== undefined);
  const keys = written.length > 0 ? written : capKeys.slice(0, 1);
  return Object.fromEntries(keys.map((key) => [key, cap]));
}

/** @throws {InvalidRequestError} when `stream_options` is there and no object */
function readUsageRequested(body: Outline): boolean {
  const streamOptions = outlineMember(body, 'stream_options');
  if (streamOptions !== undefined) return flagParameter(streamOptions, 'include_usage') ?? false;
  const value = memberValue(body, 'stream_options') ?? undefined;
  if (value !== undefined) throw wrong('stream_options', value, 'an object');
  return false;
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

/** Azure names the deployment, and with it the model, in the path; the body's model has no effect there. */
function deploymentIn(path: string): string | undefined {
  const match = /\/deployments\/([^/?]+)\//.exec(path);
  return match === null ? undefined : checkName('model', decode(match[1] as string));
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new InvalidRequestError('The path is not well-formed', 'model');
  }
}
