import type { Dialect } from '@genops/core';
import { createDialect } from '../dialect.ts';
import { renderChatError, renderChatStreamError } from '../openai-chat/error.ts';
import { chatStream } from '../openai-chat/stream.ts';
import { chatAnswer } from '../openai-chat/usage.ts';
import { openEmbeddingsRequest } from './request.ts';

/** Embeddings, as OpenAI defines them and most providers speak them. Nothing is ever streamed. */
export const openaiEmbeddings: Dialect = createDialect({
  id: 'openai-embeddings',
  operation: 'embeddings',
  openRequest: openEmbeddingsRequest,
  answer: chatAnswer,
  stream: chatStream,
  renderError: renderChatError,
  renderStreamError: renderChatStreamError,
});
