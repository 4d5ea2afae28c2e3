import { InvalidRequestError } from '@genops/core';
import type { Outline } from '../json/outline.ts';
import { checkName, nameParameter } from './parameters.ts';

/** @throws {InvalidRequestError} when the body names no model, or something that cannot be one */
export function requireModel(body: Outline): string {
  const model = nameParameter(body, 'model');
  if (model === undefined) throw new InvalidRequestError('The parameter "model" is missing', 'model');
  return model;
}

/** The model of a request in one of OpenAI's formats: what {@link deploymentIn} its path, else its body says. */
export function requireModelOrDeployment(body: Outline, path: string): string {
  return deploymentIn(path) ?? requireModel(body);
}

/** Azure names the deployment, and with it the model, in the path; the body's model has no effect there. */
export function deploymentIn(path: string): string | undefined {
  return modelInPath(path, /\/deployments\/([^/?]+)\//);
}

/**
 * The model that a path names.
 *
 * @param pattern - whose first group is the model, percent-encoded
 * @throws {InvalidRequestError} when it cannot be one
 */
export function modelInPath(path: string, pattern: RegExp): string | undefined {
  const encoded = pattern.exec(path)?.[1];
  return encoded === undefined ? undefined : checkName('model', decode(encoded));
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new InvalidRequestError('The path is not well-formed', 'model');
  }
}
