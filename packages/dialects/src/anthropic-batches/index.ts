import type { Dialect } from '@genops/core';
import { renderMessagesError, renderMessagesStreamError } from '../anthropic-messages/error.ts';
import { createDialect } from '../dialect.ts';
import { silentStream } from '../unmetered/stream.ts';
import { readAnswerError } from '../usage/answer.ts';
import { at, present, textAt } from '../usage/fields.ts';
import { openBatchRequest } from './request.ts';

/** Orders of Message Batches. What they consume is told by their results, within a day. */
export const anthropicBatches: Dialect = {
  ...createDialect({
    id: 'anthropic-batches',
    operation: 'batch',
    openRequest: openBatchRequest,
    answer: {
      about: (answer) =>
        present({ responseId: textAt(answer, 'id'), error: readAnswerError(at(answer, 'error')) }),
      usage: () => ({}),
    },
    stream: silentStream,
    renderError: renderMessagesError,
    renderStreamError: renderMessagesStreamError,
  }),
  usageComes: 'later',
};
