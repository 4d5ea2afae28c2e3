import type { OpenedRequest } from '@genops/core';
import { memberValue, outline } from '../json/outline.ts';
import { applySplices, setMembers } from '../json/splice.ts';
import { requireModelOrDeployment } from '../request/model.ts';
import { textParameter, wrong } from '../request/parameters.ts';

/**
 * Opens a request to speak a text. Its answer is sound and says nothing, so what is charged by the character
 * is counted here: `options.characters`.
 *
 * @throws {InvalidRequestError} when no provider could serve it
 */
export function openSpeechRequest(bytes: Uint8Array, path: string): OpenedRequest {
  const body = outline(bytes);
  const input = memberValue(body, 'input');
  if (typeof input !== 'string' || input === '') throw wrong('input', input, 'text');
  return {
    facts: {
      requestModel: requireModelOrDeployment(body, path),
      stream: textParameter(body, 'stream_format') === 'sse',
      choices: 1,
      inputBytes: body.bytes.length,
      options: { characters: [...input].length, outputAudio: true },
    },
    usageRequested: true,
    rewrite: ({ model }) => applySplices(bytes, setMembers(body, { model })),
  };
}
