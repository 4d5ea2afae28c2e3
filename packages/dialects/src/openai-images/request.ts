import type { OpenedRequest } from '@genops/core';
import { outline } from '../json/outline.ts';
import { applySplices, setMembers } from '../json/splice.ts';
import { requireFormModel, setFormModel } from '../request/form-model.ts';
import { measureInput } from '../request/media.ts';
import { requireModelOrDeployment } from '../request/model.ts';
import { fieldOf, isForm, outlineForm, textBytesOf } from '../request/multipart.ts';
import { checkCount, countParameter, flagParameter, isNull, textParameter } from '../request/parameters.ts';
import { present } from '../usage/fields.ts';

/** Most images that one request may ask for. */
const maximumImages = 10;

/** Images to work from, where they come as JSON. */
const find = { within: ['images', 'mask'], keys: ['image_url', 'file_id'] };

/**
 * Opens a request of the Images API: generations come as JSON, edits as JSON or as a form.
 *
 * @throws {InvalidRequestError} when no provider could serve it, or it names no model, on which the price
 * depends
 */
export function openImagesRequest(bytes: Uint8Array, path: string, contentType?: string): OpenedRequest {
  return isForm(bytes) ? openForm(bytes, path, contentType) : openJson(bytes, path);
}

function openJson(bytes: Uint8Array, path: string): OpenedRequest {
  const body = outline(bytes, { find });
  return {
    facts: present<OpenedRequest['facts']>({
      requestModel: requireModelOrDeployment(body, path),
      stream: flagParameter(body, 'stream') ?? false,
      choices: countParameter(body, 'n', { most: maximumImages }) ?? 1,
      ...measureInput(body, (_body, { span }) => (isNull(body.bytes, span) ? undefined : 'image')),
      options: imageOptions((name) => textParameter(body, name)),
    }),
    usageRequested: true,
    rewrite: ({ model }) => applySplices(bytes, setMembers(body, { model })),
  };
}

function openForm(bytes: Uint8Array, path: string, contentType: string | undefined): OpenedRequest {
  const form = outlineForm(bytes, contentType);
  return {
    facts: present<OpenedRequest['facts']>({
      requestModel: requireFormModel(form, path),
      stream: fieldOf(form, 'stream') === 'true',
      choices: checkCount('n', Number(fieldOf(form, 'n') ?? 1), { most: maximumImages }),
      inputBytes: textBytesOf(form),
      media: form.files.length === 0 ? undefined : { image: form.files.length },
      options: imageOptions((name) => fieldOf(form, name)),
    }),
    usageRequested: true,
    rewrite: (changes) => applySplices(bytes, setFormModel(form, changes)),
  };
}

/** What the price of an image depends on; left out, the provider chooses. */
function imageOptions(read: (name: string) => string | undefined): OpenedRequest['facts']['options'] {
  const options = present<Readonly<Record<string, string>>>({
    imageSize: read('size'),
    imageQuality: read('quality'),
  });
  return Object.keys(options).length === 0 ? undefined : options;
}
