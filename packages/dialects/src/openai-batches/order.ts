import type { Dialect, ResultDocument, UploadFormat } from '@genops/core';
import { hasErrorCode, type RequestFacts } from '@genops/core';
import { memberValue, outline } from '../json/outline.ts';
import { openaiChat } from '../openai-chat/index.ts';
import { openaiCompletions } from '../openai-completions/index.ts';
import { openaiEmbeddings } from '../openai-embeddings/index.ts';
import { openaiResponses } from '../openai-responses/index.ts';
import { fieldOf, outlineForm } from '../request/multipart.ts';
import { unmetered } from '../unmetered/index.ts';
import { at, textAt } from '../usage/fields.ts';

const plain = unmetered('batch', openaiChat);

/** Orders of batches. They name a file, which tells what they can come to where it was seen. */
export const openaiBatches: Dialect = {
  ...plain,
  openRequest(bytes, path, contentType) {
    const opened = plain.openRequest(bytes, path, contentType);
    const inputFile = fileIn(bytes);
    if (inputFile === undefined) return opened;
    return { ...opened, facts: { ...opened.facts, serviceTier: 'batch', inputFile } };
  },
};

/** Whatever it is, it is the provider's to refuse. */
function fileIn(bytes: Uint8Array): string | undefined {
  return tried(() => {
    const file = memberValue(outline(bytes), 'input_file_id');
    return typeof file === 'string' ? file : undefined;
  });
}

/** What stands in each line of a batch's input. */
const asked: Readonly<Record<string, Dialect>> = {
  '/v1/chat/completions': openaiChat,
  '/v1/completions': openaiCompletions,
  '/v1/embeddings': openaiEmbeddings,
  '/v1/responses': openaiResponses,
};

/**
 * An upload with the purpose `batch`: a request in each line.
 *
 * @see https://platform.openai.com/docs/api-reference/batch/request-input (checked 2026-11-30)
 */
export const openaiBatchInput: UploadFormat = {
  readRequests: (body, contentType) =>
    tried(() => {
      const form = outlineForm(body, contentType);
      const [file] = form.files;
      if (fieldOf(form, 'purpose') !== 'batch' || file === undefined) return undefined;
      const lines = form.bytes.toString('utf8', file.start, file.end).split('\n');
      const requests = lines.filter((line) => line.trim() !== '').map(readRequest);
      return requests.every((request) => request !== undefined) ? requests : undefined;
    }),
  readId: (answer) => (at(answer, 'object') === 'file' ? textAt(answer, 'id') : undefined),
};

function readRequest(line: string): RequestFacts | undefined {
  const request: unknown = JSON.parse(line);
  const url = textAt(request, 'url') ?? '';
  const dialect = Object.hasOwn(asked, url) ? asked[url] : undefined;
  const body = at(request, 'body');
  if (dialect === undefined || typeof body !== 'object') return undefined;
  const { facts } = dialect.openRequest(Buffer.from(JSON.stringify(body)), url, 'application/json');
  return { ...facts, stream: false, serviceTier: 'batch' };
}

/** @returns `undefined` for what cannot be read */
function tried<Result>(read: () => Result | undefined): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof SyntaxError || hasErrorCode(error, 'invalid_request')) return undefined;
    throw error;
  }
}

/**
 * A batch as it is looked up: which file has its answers, once it has ended. Without one, none of its requests
 * was answered, and only those that were are charged.
 *
 * @see https://platform.openai.com/docs/api-reference/batch/object (checked 2026-11-30)
 */
export const openaiBatchState: ResultDocument = {
  orderedAs: 'batch',
  ofUnknownOrders: 'leave',
  readDocument(batch) {
    const order = textAt(batch, 'id');
    const hasEnded = /^(completed|failed|expired|cancelled)$/.test(textAt(batch, 'status') ?? '');
    if (at(batch, 'object') !== 'batch' || order === undefined || !hasEnded) return undefined;
    const file = textAt(batch, 'output_file_id');
    const createdAt = at(batch, 'created_at');
    return {
      order,
      ...(typeof createdAt === 'number' && { orderedAt: new Date(createdAt * 1000) }),
      results: [],
      ...(file === undefined ? { complete: true } : { complete: false, file }),
    };
  },
};
