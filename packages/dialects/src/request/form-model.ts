import type { RequestChanges } from '@genops/core';
import type { Splice } from '../json/splice.ts';
import { deploymentIn } from './model.ts';
import { type Form, fieldOf } from './multipart.ts';
import { checkName } from './parameters.ts';

/** @throws {InvalidRequestError} when neither the path nor the form names a model */
export function requireFormModel(form: Form, path: string): string {
  return deploymentIn(path) ?? checkName('model', fieldOf(form, 'model'));
}

/** Names another model in a form; nothing when it is named already, or the path decides. */
export function setFormModel(form: Form, { model }: RequestChanges): readonly Splice[] {
  const span = form.fields.get('model');
  if (model === undefined || span === undefined || fieldOf(form, 'model') === model) return [];
  return [{ span, text: model }];
}
