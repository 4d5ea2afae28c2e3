import type { Dialect, WireError } from '@genops/core';
import { createDialect } from '../dialect.ts';
import { openCohereRequest } from './request.ts';
import { cohereStream } from './stream.ts';
import { cohereAnswer } from './usage.ts';

/** Chat, as Cohere defines it in its second version. */
export const cohereChat: Dialect = createDialect({
  id: 'cohere-chat',
  operation: 'chat',
  openRequest: openCohereRequest,
  answer: cohereAnswer,
  stream: cohereStream,
  renderError: (error) => Buffer.from(JSON.stringify(errorBody(error))),
  renderStreamError: (error) =>
    Buffer.from(
      `event: message-end\ndata: ${JSON.stringify({
        type: 'message-end',
        delta: { finish_reason: 'ERROR', error: error.message },
        error: errorBody(error),
      })}\n\n`,
    ),
});

function errorBody({ message, type, code, parameter, details }: WireError): object {
  return { ...details, message, type, code, ...(parameter === undefined ? {} : { parameter }) };
}
