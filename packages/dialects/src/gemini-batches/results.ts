import type { ResultDocument, ResultLine, ResultLines } from '@genops/core';
import { geminiAnswer } from '../gemini/usage.ts';
import { readAnswer } from '../usage/answer.ts';
import { at, listAt, textAt } from '../usage/fields.ts';

/**
 * A batch as it is looked up, with its answers in it where its requests were. They stand in the order of the
 * requests. Of a batch that failed there are none; what one came to that was cancelled is not told, so that its
 * order keeps counting.
 *
 * @see https://ai.google.dev/api/batch-api (checked 2026-11-30)
 */
export const geminiBatchResults: ResultDocument = {
  orderedAs: 'batch',
  ofUnknownOrders: 'book',
  readDocument(batch) {
    const order = textAt(batch, 'name');
    if (order === undefined || !order.startsWith('batches/')) return undefined;
    const state = textAt(batch, 'metadata.state') ?? '';
    const responses = [at(batch, 'metadata.output'), at(batch, 'response')]
      .map((output) => listAt(output, 'inlinedResponses.inlinedResponses'))
      .find(({ length }) => length > 0);
    if (responses === undefined) {
      const failed = /_STATE_FAILED$/.test(state);
      return failed ? { order, results: [], complete: true } : undefined;
    }
    const results = responses.flatMap((item, index) => resultOf(String(index), at(item, 'response')));
    return { order, results, complete: at(batch, 'done') === true || /_STATE_SUCCEEDED$/.test(state) };
  },
};

/**
 * The output file of a batch whose requests were a file. The file is known by its name, and within it each
 * answer by its own id, else by the key that its request had.
 */
export const geminiBatchFile: ResultLines = {
  orderAt: (path) => /\/(files\/[^/:?]+):download/.exec(path)?.[1],
  readLine(line) {
    const response = at(line, 'response') ?? line;
    const id = textAt(response, 'responseId') ?? textAt(line, 'key');
    return id === undefined ? undefined : resultOf(id, response)[0];
  },
};

/** Nothing for a request that failed. */
function resultOf(id: string, response: unknown): readonly ResultLine[] {
  if (at(response, 'usageMetadata') === undefined && at(response, 'candidates') === undefined) return [];
  const facts = readAnswer(geminiAnswer, response);
  return [{ id, operation: 'generate_content', facts: { ...facts, serviceTier: 'batch' } }];
}
