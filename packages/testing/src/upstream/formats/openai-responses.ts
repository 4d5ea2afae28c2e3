import { type Generation, generate } from '../generation.ts';
import type { Reply } from '../reply.ts';
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
import { namedEvent, openaiError, reportedTokens } from './openai-wire.ts';

/** POST /v1/responses. */
export const responses: Endpoint = {
  method: 'POST',
  path: '/v1/responses',
  answer(request, reply) {
    const { body } = request;
    const model = requireText(body, 'model');
    const { input } = body;
    if (typeof input !== 'string' && !Array.isArray(input)) {
      throw new BadRequest("Invalid 'input': expected text or a list of items.", 'input');
    }
    const maxOutputTokens = optionalCount(body, 'max_output_tokens');
    const generation = generate({ model, bodyBytes: request.bodyBytes, maxOutputTokens }, reply);
    const work: Work = { request, reply, generation };
    if (!optionalFlag(body, 'stream')) {
      const text = Array.from(generation.parts).join('');
      return jsonAnswer(responseObject(work, text), outputTokens(work));
    }
    return {
      kind: 'stream',
      pieces: streamPieces(work),
      renderErrorEvent: (error) => {
        const { error: inner } = openaiError(500, error) as { error: Record<string, unknown> };
        const { code, message, param } = inner;
        return namedEvent('error', { type: 'error', code, message, param, sequence_number: 0 });
      },
    };
  },
};

interface Work {
  readonly request: EndpointRequest;
  readonly reply: Reply;
  readonly generation: Generation;
}

function* streamPieces(work: Work): Generator<Piece> {
  const { generation, request, reply } = work;
  let sequence = 0;
  const piece = (type: string, fields: object, outputTokens = 0): Piece => {
    const data = { type, sequence_number: sequence, ...fields };
    sequence += 1;
    return { text: namedEvent(type, data), outputTokens };
  };
  const place = { item_id: itemId(request), output_index: 0, content_index: 0 };
  const each = outputTokens(work) / Math.max(1, generation.outputTokens);

  yield piece('response.created', { response: responseObject(work) });
  yield piece('response.in_progress', { response: responseObject(work) });
  yield piece('response.output_item.added', { output_index: 0, item: outputItem(request) });
  yield piece('response.content_part.added', { ...place, part: textPart('') });
  let text = '';
  for (const delta of generation.parts) {
    text += delta;
    yield piece('response.output_text.delta', { ...place, delta, logprobs: [] }, each);
  }
  yield piece('response.output_text.done', { ...place, text, logprobs: [] });
  yield piece('response.content_part.done', { ...place, part: textPart(text) });
  yield piece('response.output_item.done', { output_index: 0, item: outputItem(request, text) });
  if (reply.fault?.kind === 'no_end') return;
  yield piece(generation.capped ? 'response.incomplete' : 'response.completed', {
    response: responseObject(work, text),
  });
}

/** The response as it stands: in progress without a text, finished with one. */
function responseObject({ request, reply, generation }: Work, text?: string): object {
  const finished = generation.capped ? 'incomplete' : 'completed';
  return {
    id: `resp_fake${request.number}`,
    object: 'response',
    created_at: 1_700_000_000,
    status: text === undefined ? 'in_progress' : finished,
    error: null,
    incomplete_details: text !== undefined && generation.capped ? { reason: 'max_output_tokens' } : null,
    instructions: null,
    max_output_tokens: request.body['max_output_tokens'] ?? null,
    metadata: {},
    model: generation.model,
    output: text === undefined ? [] : [outputItem(request, text)],
    parallel_tool_calls: true,
    service_tier: 'default',
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    usage: text === undefined || reply.fault?.kind === 'no_usage' ? null : usageOf(generation, reply),
    ...reply.fields,
  };
}

function outputItem(request: EndpointRequest, text?: string): object {
  return {
    id: itemId(request),
    type: 'message',
    status: text === undefined ? 'in_progress' : 'completed',
    role: 'assistant',
    content: text === undefined ? [] : [textPart(text)],
  };
}

function textPart(text: string): object {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

function itemId(request: EndpointRequest): string {
  return `msg_fake${request.number}`;
}

function outputTokens({ reply, generation }: Work): number {
  return reportedTokens(reply.usage, 'output_tokens') ?? generation.outputTokens;
}

function usageOf(generation: Generation, reply: Reply): unknown {
  if (reply.usage !== undefined) return reply.usage;
  return {
    input_tokens: generation.inputTokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: generation.outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: generation.inputTokens + generation.outputTokens,
  };
}
