import { InvalidRequestError, type OpenedRequest } from '@genops/core';
import { applySplices } from '../json/splice.ts';
import { requireFormModel, setFormModel } from '../request/form-model.ts';
import { fieldOf, outlineForm, textBytesOf } from '../request/multipart.ts';

/**
 * Opens a request for a transcription or translation of a recording, which comes as a form. How long the
 * recording is, the request does not show.
 *
 * @throws {InvalidRequestError} when no provider could serve it
 */
export function openTranscriptionRequest(
  bytes: Uint8Array,
  path: string,
  contentType?: string,
): OpenedRequest {
  const form = outlineForm(bytes, contentType);
  if (form.files.length !== 1) throw new InvalidRequestError('The parameter "file" must be one file', 'file');
  return {
    facts: {
      requestModel: requireFormModel(form, path),
      stream: fieldOf(form, 'stream') === 'true',
      choices: 1,
      inputBytes: textBytesOf(form),
      media: { audio: 1 },
    },
    usageRequested: true,
    rewrite: (changes) => applySplices(bytes, setFormModel(form, changes)),
  };
}
