import type { ResultsFormat } from '@genops/core';
import { messageAnswer } from '../anthropic-messages/usage.ts';
import { readAnswer } from '../usage/answer.ts';
import { at, textAt } from '../usage/fields.ts';

/**
 * Results of Message Batches: a line for each request, of which only those that succeeded are charged.
 *
 * @see https://platform.claude.com/docs/en/api/messages/batches/results (checked 2026-11-30)
 */
export const anthropicBatchResults: ResultsFormat = {
  orderAt: (path) => /\/batches\/([^/?]+)\/results/.exec(path)?.[1],
  readLine(line) {
    const id = textAt(line, 'custom_id');
    if (id === undefined || at(line, 'result.type') !== 'succeeded') return undefined;
    const facts = readAnswer(messageAnswer, at(line, 'result.message'));
    return { id, operation: 'chat', facts: { ...facts, serviceTier: 'batch' } };
  },
};
