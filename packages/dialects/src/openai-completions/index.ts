import type { Dialect } from '@genops/core';
import { createDialect } from '../dialect.ts';
import { renderChatError, renderChatStreamError } from '../openai-chat/error.ts';
import { chatStream } from '../openai-chat/stream.ts';
import { chatAnswer } from '../openai-chat/usage.ts';
import { openCompletionsRequest } from './request.ts';

/** Completions, the format before chat. Its answers and streams carry usage as chat does. */
export const openaiCompletions: Dialect = createDialect({
  id: 'openai-completions',
  operation: 'text_completion',
  openRequest: openCompletionsRequest,
  answer: chatAnswer,
  stream: chatStream,
  renderError: renderChatError,
  renderStreamError: renderChatStreamError,
});
