import type { OpenedRequest } from '@genops/core';
import { geminiPath, requireModelIn } from '../gemini/request.ts';
import { outline, outlineMember } from '../json/outline.ts';
import { countParameter, requireList, textParameter } from '../request/parameters.ts';

/** Images that Imagen makes when the request does not say how many. */
const usualImages = 4;
/** Most images that one request may ask for. */
const maximumImages = 8;

/**
 * Opens a `predict` request for images.
 *
 * @see https://ai.google.dev/gemini-api/docs/imagen (checked 2026-11-30)
 * @throws {InvalidRequestError} when no provider could serve it
 */
export function openImagenRequest(bytes: Uint8Array, path: string): OpenedRequest {
  const requestModel = requireModelIn(path);
  const body = outline(bytes);
  requireList(body, 'instances');
  const parameters = outlineMember(body, 'parameters');
  const images = parameters && countParameter(parameters, 'sampleCount', { most: maximumImages });
  const imageSize = parameters && textParameter(parameters, 'sampleImageSize');
  return opened(bytes, path, {
    requestModel,
    stream: false,
    choices: images ?? usualImages,
    inputBytes: body.bytes.length,
    ...(imageSize !== undefined && { options: { imageSize } }),
  });
}

/**
 * Opens a `predict` request for embeddings.
 *
 * @throws {InvalidRequestError} when no provider could serve it
 */
export function openPredictedEmbeddings(bytes: Uint8Array, path: string): OpenedRequest {
  const requestModel = requireModelIn(path);
  const body = outline(bytes);
  requireList(body, 'instances');
  return opened(bytes, path, {
    requestModel,
    stream: false,
    choices: 1,
    inputBytes: body.bytes.length,
  });
}

function opened(bytes: Uint8Array, path: string, facts: OpenedRequest['facts']): OpenedRequest {
  return {
    facts,
    usageRequested: true,
    rewrite: () => bytes,
    rewritePath: ({ model }) => geminiPath.rename(path, model),
  };
}
