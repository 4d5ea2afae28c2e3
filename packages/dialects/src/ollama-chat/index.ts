import type { Dialect, WireError } from '@genops/core';
import { createDialect } from '../dialect.ts';
import { openOllamaRequest } from './request.ts';
import { ollamaStream } from './stream.ts';
import { ollamaAnswer } from './usage.ts';

/** Chat, as Ollama defines it. */
export const ollamaChat: Dialect = createDialect({
  id: 'ollama-chat',
  operation: 'chat',
  openRequest: openOllamaRequest,
  answer: ollamaAnswer,
  stream: ollamaStream,
  renderError: (error) => Buffer.from(JSON.stringify(errorBody(error))),
  renderStreamError: (error) => Buffer.from(`${JSON.stringify(errorBody(error))}\n`),
});

function errorBody({ message, type, code, parameter, details }: WireError): object {
  return { ...details, error: message, type, code, ...(parameter === undefined ? {} : { parameter }) };
}
