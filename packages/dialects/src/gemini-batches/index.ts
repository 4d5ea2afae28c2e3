import type { Dialect } from '@genops/core';
import { createDialect } from '../dialect.ts';
import { renderGeminiError, renderGeminiStreamError } from '../gemini/error.ts';
import { silentStream } from '../unmetered/stream.ts';
import { readAnswerError } from '../usage/answer.ts';
import { at, present, textAt } from '../usage/fields.ts';
import { openGeminiBatch } from './request.ts';

/** Orders of the Gemini Batch API. What they consume is told by their results, within two days. */
export const geminiBatches: Dialect = {
  ...createDialect({
    id: 'gemini-batches',
    operation: 'batch',
    openRequest: openGeminiBatch,
    answer: {
      about: (answer) =>
        present({ responseId: textAt(answer, 'name'), error: readAnswerError(at(answer, 'error')) }),
      usage: () => ({}),
    },
    stream: silentStream,
    renderError: renderGeminiError,
    renderStreamError: renderGeminiStreamError,
  }),
  usageComes: 'later',
};
