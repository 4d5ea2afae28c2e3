import type { Dialect } from '@genops/core';
import { createDialect } from '../dialect.ts';
import { renderGeminiError, renderGeminiStreamError } from './error.ts';
import { openGeminiRequest } from './request.ts';
import { geminiStream } from './stream.ts';
import { geminiAnswer } from './usage.ts';

/** `generateContent` and `streamGenerateContent`, of the Gemini API and of Vertex. */
export const gemini: Dialect = createDialect({
  id: 'gemini',
  operation: 'generate_content',
  openRequest: openGeminiRequest,
  answer: geminiAnswer,
  stream: geminiStream,
  renderError: renderGeminiError,
  renderStreamError: renderGeminiStreamError,
});
