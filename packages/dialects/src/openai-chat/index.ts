import type { Dialect } from '@genops/core';
import { createDialect } from '../dialect.ts';
import { renderChatError, renderChatStreamError } from './error.ts';
import { openChatRequest } from './request.ts';
import { chatStream } from './stream.ts';
import { chatAnswer } from './usage.ts';

/** Chat Completions, as OpenAI defines it and most providers speak it. */
export const openaiChat: Dialect = createDialect({
  id: 'openai-chat',
  operation: 'chat',
  openRequest: openChatRequest,
  answer: chatAnswer,
  stream: chatStream,
  renderError: renderChatError,
  renderStreamError: renderChatStreamError,
});
