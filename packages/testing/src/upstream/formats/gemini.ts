import { type Generation, generate } from '../generation.ts';
import type { FakeError, Reply } from '../reply.ts';
import {
  type Answer,
  BadRequest,
  type Endpoint,
  type EndpointRequest,
  jsonAnswer,
  type Piece,
  type WireFormat,
} from './format.ts';
import { event, reportedTokens } from './openai-wire.ts';

/** Versions of the API stand before the models: `/v1beta/models/gemini-2.5-flash:generateContent`. */
const generateContent: Endpoint = {
  method: 'POST',
  path: '/*/models/*:generateContent',
  answer(request, reply) {
    const work = workOf(request, reply);
    return jsonAnswer(chunk(work, Array.from(work.generation.parts).join(''), true), outputTokens(work));
  },
};

const streamGenerateContent: Endpoint = {
  method: 'POST',
  path: '/*/models/*:streamGenerateContent',
  answer(request, reply): Answer {
    return {
      kind: 'stream',
      pieces: streamPieces(workOf(request, reply)),
      renderErrorEvent: (error) => event(geminiError(503, error)),
    };
  },
};

const countTokens: Endpoint = {
  method: 'POST',
  path: '/*/models/*:countTokens',
  answer: ({ bodyBytes }) => jsonAnswer({ totalTokens: Math.ceil(bodyBytes / 4) }),
};

const listModels: Endpoint = {
  method: 'GET',
  path: '/*/models',
  answer: () => jsonAnswer({ models: [{ name: 'models/gemini-2.5-flash', version: '001' }] }),
};

interface Work {
  readonly request: EndpointRequest;
  readonly reply: Reply;
  readonly generation: Generation;
}

function workOf(request: EndpointRequest, reply: Reply): Work {
  const { body, bodyBytes, path } = request;
  if (!Array.isArray(body['contents']) || body['contents'].length === 0) {
    throw new BadRequest('* GenerateContentRequest.contents: contents is not specified', 'contents');
  }
  const config = (body['generationConfig'] ?? {}) as { readonly maxOutputTokens?: unknown };
  const maxOutputTokens = typeof config.maxOutputTokens === 'number' ? config.maxOutputTokens : undefined;
  const model = decodeURIComponent(/\/models\/([^/]+):/.exec(path)?.[1] ?? '');
  return { request, reply, generation: generate({ model, bodyBytes, maxOutputTokens }, reply) };
}

/** Every chunk but the last is without a reason to finish; all of them repeat usage so far. */
function* streamPieces(work: Work): Generator<Piece> {
  const { generation, reply } = work;
  const each = outputTokens(work) / Math.max(1, generation.outputTokens);
  let held: string | undefined;
  for (const part of generation.parts) {
    if (held !== undefined) yield { text: event(chunk(work, held, false)), outputTokens: each };
    held = part;
  }
  const isEnd = reply.fault?.kind !== 'no_end';
  yield { text: event(chunk(work, held ?? '', isEnd)), outputTokens: each };
}

function chunk(work: Work, text: string, isLast: boolean): object {
  const { request, reply, generation } = work;
  return {
    candidates: [
      {
        content: { parts: [{ text }], role: 'model' },
        ...(isLast && { finishReason: generation.capped ? 'MAX_TOKENS' : 'STOP' }),
        index: 0,
      },
    ],
    ...(reply.fault?.kind !== 'no_usage' && { usageMetadata: usageOf(work) }),
    modelVersion: generation.model,
    responseId: `fake${request.number}`,
    ...reply.fields,
  };
}

function usageOf({ generation, reply }: Work): unknown {
  if (reply.usage !== undefined) return reply.usage;
  const { inputTokens, outputTokens: candidatesTokenCount } = generation;
  return {
    promptTokenCount: inputTokens,
    candidatesTokenCount,
    totalTokenCount: inputTokens + candidatesTokenCount,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: inputTokens }],
  };
}

function outputTokens(work: Work): number {
  return reportedTokens(usageOf(work), 'candidatesTokenCount') ?? work.generation.outputTokens;
}

function geminiError(status: number, { message, code }: FakeError): object {
  const [name, said] = errorsByStatus.get(status) ?? ['INTERNAL', 'An internal error has occurred.'];
  return { error: { code: status, message: message ?? said, status: code ?? name } };
}

const errorsByStatus = new Map<number, readonly [status: string, message: string]>([
  [400, ['INVALID_ARGUMENT', 'Request contains an invalid argument.']],
  [401, ['UNAUTHENTICATED', 'Request is missing required authentication credential.']],
  [403, ['PERMISSION_DENIED', 'The caller does not have permission']],
  [404, ['NOT_FOUND', 'models/gemini-9 is not found for API version v1beta']],
  [429, ['RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).']],
  [503, ['UNAVAILABLE', 'The model is overloaded. Please try again later.']],
]);

/**
 * The Gemini API in any version: content whole and streamed, token counts, models.
 *
 * @see https://ai.google.dev/api
 */
export const geminiFormat: WireFormat = {
  id: 'gemini',
  presentedKey({ 'x-goog-api-key': key }) {
    return typeof key === 'string' ? key : undefined;
  },
  renderError: (status, error) => JSON.stringify(geminiError(status, error)),
  headers: () => ({ server: 'scaffolding on HTTPServer2' }),
  endpoints: [generateContent, streamGenerateContent, countTokens, listModels],
};
