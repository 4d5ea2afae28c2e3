import type { OpenedRequest } from '@genops/core';
import { memberValue, type Outline, outline } from '../json/outline.ts';
import { openBracket } from '../json/scan.ts';
import { applySplices, setMembers } from '../json/splice.ts';
import { requireModelOrDeployment } from '../request/model.ts';
import { countParameter, flagParameter, requireTextOrList, textParameter } from '../request/parameters.ts';
import { readUsageRequested, requestUsage } from '../request/stream-options.ts';
import { present } from '../usage/fields.ts';

/** Most answers to each prompt, here and at every provider. */
const maximumChoices = 128;

/**
 * Opens a legacy Completions request. Several prompts at once are answered each, and of `best_of` answers
 * all are charged.
 *
 * @throws {InvalidRequestError} when no provider could serve it
 */
export function openCompletionsRequest(bytes: Uint8Array, path: string): OpenedRequest {
  const body = outline(bytes);
  requireTextOrList(body, 'prompt');
  const each = ['n', 'best_of'].map((key) => countParameter(body, key, { most: maximumChoices }) ?? 1);
  const facts = present<OpenedRequest['facts']>({
    requestModel: requireModelOrDeployment(body, path),
    stream: flagParameter(body, 'stream') ?? false,
    choices: Math.max(...each) * countPrompts(body),
    maxOutputTokens: countParameter(body, 'max_tokens', { least: 0 }),
    serviceTier: textParameter(body, 'service_tier'),
    inputBytes: body.bytes.length,
  });
  return {
    facts,
    usageRequested: readUsageRequested(body),
    rewrite: ({ model, maxOutputTokens, reportUsage = false }) =>
      applySplices(bytes, [
        ...setMembers(body, { model, max_tokens: maxOutputTokens }),
        ...(reportUsage ? requestUsage(body) : []),
      ]),
  };
}

/** One prompt is text or a list of token numbers; a list of either is several. */
function countPrompts(body: Outline): number {
  const span = body.members.get('prompt');
  if (span === undefined || body.bytes[span.start] !== openBracket) return 1;
  const prompts = memberValue(body, 'prompt') as readonly unknown[];
  return typeof prompts[0] === 'number' ? 1 : prompts.length;
}
