import type { Dialect } from '@genops/core';
import { parseAnswer } from '../usage/answer.ts';
import { renderChatError, renderChatStreamError } from './error.ts';
import { openChatRequest } from './request.ts';
import { createChatStreamReader } from './stream.ts';
import { readChatAnswer } from './usage.ts';

/** Chat Completions, as OpenAI defines it and most providers speak it. */
export const openaiChat: Dialect = {
  id: 'openai-chat',
  operation: 'chat',
  openRequest: openChatRequest,
  readAnswer: (bytes) => readChatAnswer(parseAnswer(bytes)),
  createStreamReader: createChatStreamReader,
  renderError: renderChatError,
  renderStreamError: renderChatStreamError,
};
