import { type Generation, generate } from '../generation.ts';
import type { Reply } from '../reply.ts';
import { anthropicError } from './anthropic-wire.ts';
import {
  BadRequest,
  type Endpoint,
  type EndpointRequest,
  jsonAnswer,
  optionalCount,
  optionalFlag,
  type Piece,
  requireText,
} from './format.ts';
import { namedEvent, reportedTokens } from './openai-wire.ts';

/** POST /v1/messages. */
export const messages: Endpoint = {
  method: 'POST',
  path: '/v1/messages',
  answer(request, reply) {
    const model = checkedModel(request);
    const maxOutputTokens = optionalCount(request.body, 'max_tokens');
    if (maxOutputTokens === undefined) throw new BadRequest('max_tokens: Field required', 'max_tokens');
    const generation = generate({ model, bodyBytes: request.bodyBytes, maxOutputTokens }, reply);
    const work: Work = { request, reply, generation };
    if (optionalFlag(request.body, 'stream')) {
      return {
        kind: 'stream',
        pieces: streamPieces(work),
        renderErrorEvent: (error) => namedEvent('error', anthropicError(529, error)),
      };
    }
    const text = Array.from(generation.parts).join('');
    return jsonAnswer(
      {
        ...messageObject(work),
        content: [{ type: 'text', text }],
        stop_reason: stopReason(generation),
        ...withUsage(reply, usageOf(work)),
        ...reply.fields,
      },
      outputTokens(work),
    );
  },
};

/** POST /v1/messages/count_tokens. */
export const countTokens: Endpoint = {
  method: 'POST',
  path: '/v1/messages/count_tokens',
  answer(request) {
    checkedModel(request);
    return jsonAnswer({ input_tokens: Math.ceil(request.bodyBytes / 4) });
  },
};

interface Work {
  readonly request: EndpointRequest;
  readonly reply: Reply;
  readonly generation: Generation;
}

function checkedModel({ headers, body }: EndpointRequest): string {
  if (headers['anthropic-version'] === undefined) {
    throw new BadRequest('anthropic-version: header is required');
  }
  const model = requireText(body, 'model');
  if (!Array.isArray(body['messages']) || body['messages'].length === 0) {
    throw new BadRequest('messages: at least one message is required', 'messages');
  }
  return model;
}

function* streamPieces(work: Work): Generator<Piece> {
  const { generation, reply } = work;
  const piece = (type: string, fields: object, tokens = 0): Piece => ({
    text: namedEvent(type, { type, ...fields }),
    outputTokens: tokens,
  });
  const usage = usageOf(work);
  const each = outputTokens(work) / Math.max(1, generation.outputTokens);
  const startUsage = isObject(usage) ? { ...usage, output_tokens: 1 } : usage;

  yield piece('message_start', {
    message: { ...messageObject(work), ...withUsage(reply, startUsage), ...reply.fields },
  });
  yield piece('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
  yield piece('ping', {});
  for (const text of generation.parts) {
    yield piece('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }, each);
  }
  yield piece('content_block_stop', { index: 0 });
  yield piece('message_delta', {
    delta: { stop_reason: stopReason(generation), stop_sequence: null },
    ...withUsage(reply, usage),
  });
  if (reply.fault?.kind !== 'no_end') yield piece('message_stop', {});
}

function messageObject({ request, generation }: Work): object {
  return {
    id: `msg_fake${request.number}`,
    type: 'message',
    role: 'assistant',
    model: generation.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
  };
}

function stopReason(generation: Generation): string {
  return generation.capped ? 'max_tokens' : 'end_turn';
}

function outputTokens({ reply, generation }: Work): number {
  return reportedTokens(reply.usage, 'output_tokens') ?? generation.outputTokens;
}

function usageOf({ reply, generation }: Work): unknown {
  if (reply.usage !== undefined) return reply.usage;
  return {
    input_tokens: generation.inputTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: generation.outputTokens,
    service_tier: 'standard',
  };
}

function withUsage(reply: Reply, usage: unknown): object {
  return reply.fault?.kind === 'no_usage' ? {} : { usage };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
