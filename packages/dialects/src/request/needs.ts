import type { RequestFacts } from '@genops/core';
import type { Outline } from '../json/outline.ts';
import { isGiven, mentions } from './parameters.ts';

/**
 * What a request asks of a model besides answering, as far as a look at its members tells.
 *
 * @param formats - the members in which the form of the answer stands
 * @param schema - how one of these says that the answer must keep to a schema
 */
export function readNeeds(
  body: Outline,
  formats: readonly string[],
  schema: readonly string[] = ['"json_schema"'],
): RequestFacts['needs'] {
  const needs: NonNullable<RequestFacts['needs']>[number][] = [];
  const says = (text: string): boolean => formats.some((key) => mentions(body, key, text));
  if (isGiven(body, 'tools') || isGiven(body, 'functions')) needs.push('tools');
  if (schema.some(says)) needs.push('json_schema');
  else if (says('"json_object"') || says('application/json')) needs.push('json_mode');
  return needs.length === 0 ? undefined : needs;
}
