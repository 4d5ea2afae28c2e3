import type { Dialect } from '@genops/core';
import { renderConverseError, renderConverseStreamError } from '../bedrock-converse/error.ts';
import { createDialect, type DialectParts } from '../dialect.ts';
import { openImagesRequest, openInvokeRequest } from './request.ts';
import { invokeStream } from './stream.ts';
import { imagesAnswer, invokeAnswer } from './usage.ts';

const shared: Omit<DialectParts, 'id' | 'operation'> = {
  openRequest: openInvokeRequest,
  answer: invokeAnswer,
  stream: invokeStream,
  renderError: renderConverseError,
  renderStreamError: renderConverseStreamError,
};

/** InvokeModel and InvokeModelWithResponseStream of Amazon Bedrock, for models that answer in text. */
export const bedrockInvoke: Dialect = createDialect({ id: 'bedrock-invoke', operation: 'chat', ...shared });

/** InvokeModel for models that make embeddings. */
export const bedrockEmbeddings: Dialect = createDialect({
  id: 'bedrock-embeddings',
  operation: 'embeddings',
  ...shared,
});

/** InvokeModel for models that make images, which are charged one by one. */
export const bedrockImages: Dialect = createDialect({
  id: 'bedrock-images',
  operation: 'image_generation',
  ...shared,
  openRequest: openImagesRequest,
  answer: imagesAnswer,
});
