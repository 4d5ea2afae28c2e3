import type { Dialect } from '@genops/core';
import { createDialect } from '../dialect.ts';
import { renderGeminiError, renderGeminiStreamError } from '../gemini/error.ts';
import { geminiAnswer } from '../gemini/usage.ts';
import { silentStream } from '../unmetered/stream.ts';
import { openGeminiEmbeddings } from './request.ts';

/** `embedContent` and `batchEmbedContents`. Some answers count their tokens, others leave them to be estimated. */
export const geminiEmbeddings: Dialect = createDialect({
  id: 'gemini-embeddings',
  operation: 'embeddings',
  openRequest: openGeminiEmbeddings,
  answer: geminiAnswer,
  stream: silentStream,
  renderError: renderGeminiError,
  renderStreamError: renderGeminiStreamError,
});
