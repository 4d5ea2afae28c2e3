import type { OpenedRequest } from '@genops/core';
import { outline } from '../json/outline.ts';
import { applySplices, setMembers } from '../json/splice.ts';
import { requireModelOrDeployment } from '../request/model.ts';
import { requireTextOrList } from '../request/parameters.ts';

/**
 * Opens an Embeddings request. A token given as a number takes at least one byte, so bytes bound tokens.
 *
 * @throws {InvalidRequestError} when no provider could serve it
 */
export function openEmbeddingsRequest(bytes: Uint8Array, path: string): OpenedRequest {
  const body = outline(bytes);
  requireTextOrList(body, 'input');
  return {
    facts: {
      requestModel: requireModelOrDeployment(body, path),
      stream: false,
      choices: 1,
      inputBytes: body.bytes.length,
    },
    usageRequested: true,
    rewrite: ({ model }) => applySplices(bytes, setMembers(body, { model })),
  };
}
