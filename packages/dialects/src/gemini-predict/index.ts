import type { Dialect } from '@genops/core';
import { createDialect, type DialectParts } from '../dialect.ts';
import { renderGeminiError, renderGeminiStreamError } from '../gemini/error.ts';
import { silentStream } from '../unmetered/stream.ts';
import { openImagenRequest, openPredictedEmbeddings } from './request.ts';
import { imagenAnswer, predictedEmbeddings } from './usage.ts';

const shared: Pick<DialectParts, 'stream' | 'renderError' | 'renderStreamError'> = {
  stream: silentStream,
  renderError: renderGeminiError,
  renderStreamError: renderGeminiStreamError,
};

/** `predict` of Google's models that make images, charged by the image. */
export const imagen: Dialect = createDialect({
  id: 'imagen',
  operation: 'image_generation',
  openRequest: openImagenRequest,
  answer: imagenAnswer,
  ...shared,
});

/** `predict` of embedding models on Vertex. */
export const vertexEmbeddings: Dialect = createDialect({
  id: 'vertex-embeddings',
  operation: 'embeddings',
  openRequest: openPredictedEmbeddings,
  answer: predictedEmbeddings,
  ...shared,
});
