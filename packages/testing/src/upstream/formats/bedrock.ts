import { crc32 } from 'node:zlib';
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
import { bearerToken } from './openai.ts';
import { reportedTokens } from './openai-wire.ts';

const converse: Endpoint = {
  method: 'POST',
  path: '/model/*/converse',
  answer(request, reply) {
    const work = workOf(request, reply);
    const text = Array.from(work.generation.parts).join('');
    return jsonAnswer(
      {
        output: { message: { role: 'assistant', content: [{ text }] } },
        stopReason: stopReason(work),
        ...(reply.fault?.kind !== 'no_usage' && { usage: usageOf(work) }),
        metrics: { latencyMs: 200 },
        ...reply.fields,
      },
      outputTokens(work),
    );
  },
};

const converseStream: Endpoint = {
  method: 'POST',
  path: '/model/*/converse-stream',
  answer: (request, reply): Answer => ({
    kind: 'stream',
    contentType: 'application/vnd.amazon.eventstream',
    pieces: streamPieces(workOf(request, reply)),
  }),
};

interface Work {
  readonly reply: Reply;
  readonly generation: Generation;
}

function workOf({ body, bodyBytes, path }: EndpointRequest, reply: Reply): Work {
  if (!Array.isArray(body['messages']) || body['messages'].length === 0) {
    throw new BadRequest('The messages field is required.', 'messages');
  }
  const config = (body['inferenceConfig'] ?? {}) as { readonly maxTokens?: unknown };
  const maxOutputTokens = typeof config.maxTokens === 'number' ? config.maxTokens : undefined;
  const model = decodeURIComponent(path.split('/')[2] ?? '');
  return { reply, generation: generate({ model, bodyBytes, maxOutputTokens }, reply) };
}

function* streamPieces(work: Work): Generator<Piece> {
  const { generation, reply } = work;
  const each = outputTokens(work) / Math.max(1, generation.outputTokens);
  const piece = (name: string, payload: object, tokens = 0): Piece => ({
    text: frame(name, payload),
    outputTokens: tokens,
  });
  yield piece('messageStart', { role: 'assistant' });
  for (const text of generation.parts) {
    yield piece('contentBlockDelta', { contentBlockIndex: 0, delta: { text } }, each);
  }
  yield piece('contentBlockStop', { contentBlockIndex: 0 });
  yield piece('messageStop', { stopReason: stopReason(work) });
  if (reply.fault?.kind === 'no_end') return;
  yield piece('metadata', {
    ...(reply.fault?.kind !== 'no_usage' && { usage: usageOf(work) }),
    metrics: { latencyMs: 200 },
  });
}

/** One event as AWS frames it: lengths and their checksum, headers, payload, and the checksum of all. */
function frame(name: string, payload: object): Buffer {
  const headers = Buffer.concat(
    [
      [':event-type', name],
      [':content-type', 'application/json'],
      [':message-type', 'event'],
    ].map(([key = '', value = '']) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(value.length);
      return Buffer.concat([
        Buffer.from([key.length]),
        Buffer.from(key),
        Buffer.from([7]),
        length,
        Buffer.from(value),
      ]);
    }),
  );
  const body = Buffer.from(JSON.stringify(payload));
  const prelude = Buffer.alloc(8);
  prelude.writeUInt32BE(12 + headers.length + body.length + 4, 0);
  prelude.writeUInt32BE(headers.length, 4);
  const message = Buffer.concat([prelude, checksum(prelude), headers, body]);
  return Buffer.concat([message, checksum(message)]);
}

function checksum(bytes: Buffer): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum;
}

function usageOf({ generation, reply }: Work): unknown {
  if (reply.usage !== undefined) return reply.usage;
  const { inputTokens, outputTokens: made } = generation;
  return { inputTokens, outputTokens: made, totalTokens: inputTokens + made };
}

function outputTokens(work: Work): number {
  return reportedTokens(usageOf(work), 'outputTokens') ?? work.generation.outputTokens;
}

function stopReason({ generation }: Work): string {
  return generation.capped ? 'max_tokens' : 'end_turn';
}

const exceptionsByStatus = new Map<number, string>([
  [400, 'ValidationException'],
  [401, 'AccessDeniedException'],
  [403, 'AccessDeniedException'],
  [404, 'ResourceNotFoundException'],
  [429, 'ThrottlingException'],
  [503, 'ServiceUnavailableException'],
]);

/**
 * Converse of Amazon Bedrock, whole and streamed. Its key is a bearer token, or the id of the access key
 * that signed the request; the signature itself is not checked.
 *
 * @see https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
 */
export const bedrockFormat: WireFormat = {
  id: 'bedrock',
  presentedKey: (headers) =>
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? bearerToken(headers),
  renderError: (status, { message = 'The request was refused.', type }: FakeError) =>
    JSON.stringify({ __type: type ?? exceptionsByStatus.get(status) ?? 'InternalServerException', message }),
  headers: (number) => ({
    'x-amzn-requestid': `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
  }),
  endpoints: [converse, converseStream],
};
