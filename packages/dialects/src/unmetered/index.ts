import {
  type AnswerFacts,
  type Dialect,
  hasErrorCode,
  type OpenedRequest,
  type Operation,
} from '@genops/core';
import { createDialect } from '../dialect.ts';
import { memberValue, outline } from '../json/outline.ts';
import { fieldOf, isForm, outlineForm } from '../request/multipart.ts';
import { readAnswerError } from '../usage/answer.ts';
import { at, present, readFields, textAt } from '../usage/fields.ts';
import { readReportedCost } from '../usage/reported-cost.ts';
import { silentStream } from './stream.ts';

/**
 * Requests that cost something which neither they nor their answers tell: a film, a training, a batch whose
 * content was uploaded before. They go out as they are, recorded without a price; only what the provider
 * itself says that it charged is believed. An enforced money limit refuses them.
 *
 * @param like - a format of the same provider, for errors
 */
export function unmetered(operation: Operation, like: Dialect): Dialect {
  return {
    ...createDialect({
      id: `unmetered-${operation}`,
      operation,
      openRequest: (bytes, path, contentType) => openAny(operation, bytes, path, contentType),
      answer: {
        about: (answer) =>
          present<AnswerFacts>({
            responseId: textAt(answer, 'id') ?? textAt(answer, 'name'),
            responseModel: textAt(answer, 'model'),
            error: readAnswerError(at(answer, 'error')),
          }),
        usage: (answer) => readReportedCost(readFields(at(answer, 'usage'), { name: 'usage' })),
      },
      stream: silentStream,
      renderError: like.renderError,
      renderStreamError: like.renderStreamError,
    }),
    usageComes: 'never',
  };
}

/** Whatever it is, it is the provider's to refuse. */
function openAny(
  operation: Operation,
  bytes: Uint8Array,
  path: string,
  contentType: string | undefined,
): OpenedRequest {
  return {
    facts: {
      requestModel: modelIn(bytes, path, contentType) ?? operation,
      stream: false,
      choices: 1,
      inputBytes: bytes.byteLength,
    },
    usageRequested: true,
    rewrite: () => bytes,
  };
}

/** Models that are names; anything else could not be written down. */
const name = /^[\w./:@-]{1,256}$/;

function modelIn(bytes: Uint8Array, path: string, contentType: string | undefined): string | undefined {
  const inPath = /\/(?:models|tunedModels)\/([\w.@-]+):/.exec(path)?.[1];
  if (inPath !== undefined) return inPath;
  try {
    const model = isForm(bytes)
      ? fieldOf(outlineForm(bytes, contentType), 'model')
      : memberValue(outline(bytes), 'model');
    return typeof model === 'string' && name.test(model) ? model : undefined;
  } catch (error) {
    if (hasErrorCode(error, 'invalid_request')) return undefined;
    throw error;
  }
}
