import type { AnswerFacts, Operation, ResultsFormat } from '@genops/core';
import { chatAnswer } from '../openai-chat/usage.ts';
import { responsesAnswer } from '../openai-responses/usage.ts';
import { type AnswerShape, readAnswer } from '../usage/answer.ts';
import { at, listAt, textAt } from '../usage/fields.ts';

/** How an answer calls itself, and what it is then. */
const kinds: Readonly<Record<string, { readonly operation: Operation; readonly answer: AnswerShape }>> = {
  'chat.completion': { operation: 'chat', answer: chatAnswer },
  response: { operation: 'chat', answer: responsesAnswer },
  text_completion: { operation: 'text_completion', answer: chatAnswer },
  list: { operation: 'embeddings', answer: chatAnswer },
};

/**
 * Content of a file that may be the output of a batch: then each of its lines is an answer. The file names
 * no batch, but every line has an id that no other line has; whose output it is, the batch tells.
 *
 * @see https://platform.openai.com/docs/api-reference/batch/request-output (checked 2026-11-30)
 */
export const openaiBatchResults: ResultsFormat = {
  fileAt: (path) => /\/files\/([^/?]+)\/content/.exec(path)?.[1],
  readLine(line) {
    const id = textAt(line, 'id');
    const body = at(line, 'response.body');
    const status = at(line, 'response.status_code');
    const kind = kinds[textAt(body, 'object') ?? ''];
    if (id === undefined || status !== 200 || kind === undefined) return undefined;
    if (kind.operation === 'embeddings' && listAt(body, 'data').length === 0) return undefined;
    const facts: AnswerFacts = readAnswer(kind.answer, body);
    return { id, operation: kind.operation, facts: { ...facts, serviceTier: 'batch' } };
  },
};
