import type { Dialect } from '@genops/core';
import { createDialect } from '../dialect.ts';
import { renderMessagesError, renderMessagesStreamError } from './error.ts';
import { openMessagesRequest } from './request.ts';
import { messageStream } from './stream.ts';
import { messageAnswer } from './usage.ts';

/** Messages, as Anthropic defines them. */
export const anthropicMessages: Dialect = createDialect({
  id: 'anthropic-messages',
  operation: 'chat',
  openRequest: openMessagesRequest,
  answer: messageAnswer,
  stream: messageStream,
  renderError: renderMessagesError,
  renderStreamError: renderMessagesStreamError,
});
