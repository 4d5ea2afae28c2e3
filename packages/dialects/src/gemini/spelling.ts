import { InvalidRequestError } from '@genops/core';
import type { Outline } from '../json/outline.ts';

/**
 * The spelling of a member that the body uses: Google takes `maxOutputTokens` and `max_output_tokens` alike,
 * so whoever reads only one of them does not see what will be done.
 *
 * @throws {InvalidRequestError} when it uses both
 */
export function spellingOf(object: Outline | undefined, camelCase: string): string {
  const snakeCase = snakeCaseOf(camelCase);
  if (object === undefined || !object.members.has(snakeCase)) return camelCase;
  if (!object.members.has(camelCase)) return snakeCase;
  throw new InvalidRequestError(
    `The parameter "${camelCase}" comes twice, also as "${snakeCase}"`,
    camelCase,
  );
}

export function snakeCaseOf(camelCase: string): string {
  return camelCase.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
