import type { Dialect } from '@genops/core';
import { createDialect } from '../dialect.ts';
import { renderChatError, renderChatStreamError } from '../openai-chat/error.ts';
import { openImagesRequest } from './request.ts';
import { imagesStream } from './stream.ts';
import { imagesAnswer } from './usage.ts';

/** Images from text or from other images, as OpenAI defines them. */
export const openaiImages: Dialect = createDialect({
  id: 'openai-images',
  operation: 'image_generation',
  openRequest: openImagesRequest,
  answer: imagesAnswer,
  stream: imagesStream,
  renderError: renderChatError,
  renderStreamError: renderChatStreamError,
});
