import type { ResultDocument } from '@genops/core';
import { readAnswer } from '../usage/answer.ts';
import { at, textAt } from '../usage/fields.ts';
import { responsesAnswer } from './usage.ts';

/**
 * A stored response that is read again, whole or as the rest of its stream. Only work in the background is not
 * over when its order is answered. One that failed is not charged; what one came to that was cancelled is not
 * told, so that its order keeps counting.
 *
 * @see https://platform.openai.com/docs/guides/background (checked 2026-11-30)
 */
export const openaiBackgroundResults: ResultDocument = {
  orderedAs: 'chat',
  // One whose stream is still being read is about to be settled by whoever reads it.
  ofUnknownOrders: 'leave',
  readDocument(document) {
    const response = at(document, 'object') === 'response' ? document : at(document, 'response');
    const id = textAt(response, 'id');
    if (id === undefined || at(response, 'background') !== true) return undefined;
    const status = textAt(response, 'status') ?? '';
    if (!/^(completed|incomplete|failed|cancelled)$/.test(status)) return undefined;
    const facts = readAnswer(responsesAnswer, response);
    if (facts.usage === undefined && status !== 'failed') return undefined;
    const createdAt = at(response, 'created_at');
    return {
      order: id,
      ...(typeof createdAt === 'number' && { orderedAt: new Date(createdAt * 1000) }),
      results: facts.usage === undefined ? [] : [{ id, operation: 'chat', facts }],
      complete: true,
    };
  },
};
