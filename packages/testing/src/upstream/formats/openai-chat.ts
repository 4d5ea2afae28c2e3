import { type Generation, generate } from '../generation.ts';
import type { FakeError, Reply } from '../reply.ts';
import {
  type Answer,
  BadRequest,
  type Endpoint,
  type EndpointRequest,
  jsonAnswer,
  optionalCount,
  optionalFlag,
  type Piece,
  requireText,
} from './format.ts';
import { event, openaiError, reportedTokens } from './openai-wire.ts';

/** POST /v1/chat/completions. */
export const chatCompletions: Endpoint = {
  method: 'POST',
  path: '/v1/chat/completions',
  answer(request, reply) {
    const { body } = request;
    const model = requireText(body, 'model');
    if (!Array.isArray(body['messages']) || body['messages'].length === 0) {
      throw new BadRequest("Invalid 'messages': expected a list of at least one message.", 'messages');
    }
    const stream = optionalFlag(body, 'stream');
    if (body['stream_options'] != null && !stream) {
      throw new BadRequest("'stream_options' is only allowed when 'stream' is true.", 'stream_options');
    }
    const choices = optionalCount(body, 'n') ?? 1;
    const maxOutputTokens = optionalCount(body, 'max_completion_tokens') ?? optionalCount(body, 'max_tokens');
    const generation = generate({ model, bodyBytes: request.bodyBytes, maxOutputTokens }, reply);
    const chat: Chat = { request, reply, generation, choices };
    return stream ? streamAnswer(chat) : wholeAnswer(chat);
  },
};

interface Chat {
  readonly request: EndpointRequest;
  readonly reply: Reply;
  readonly generation: Generation;
  readonly choices: number;
}

function wholeAnswer(chat: Chat): Answer {
  const { generation, reply, choices } = chat;
  const content = Array.from(generation.parts).join('');
  const usage = usageOf(chat);
  return jsonAnswer(
    {
      ...top(chat, 'chat.completion'),
      choices: Array.from({ length: choices }, (_, index) => ({
        index,
        message: { role: 'assistant', content, refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: finishReason(generation),
      })),
      ...(reply.fault?.kind === 'no_usage' ? {} : { usage }),
      ...reply.fields,
    },
    reportedTokens(usage, 'completion_tokens') ?? generation.outputTokens * choices,
  );
}

function streamAnswer(chat: Chat): Answer {
  return {
    kind: 'stream',
    pieces: streamPieces(chat),
    renderErrorEvent: (error: FakeError) => event(openaiError(500, error)),
  };
}

function* streamPieces(chat: Chat): Generator<Piece> {
  const { generation, reply, choices, request } = chat;
  const options = (request.body['stream_options'] ?? {}) as { include_usage?: unknown };
  const withUsage = options.include_usage === true && reply.fault?.kind !== 'no_usage';
  const usage = usageOf(chat);
  const head = { ...top(chat, 'chat.completion.chunk'), ...reply.fields };
  const chunk = (index: number, delta: object, finish: string | null = null): string =>
    event({
      ...head,
      choices: [{ index, delta, logprobs: null, finish_reason: finish }],
      ...(withUsage ? { usage: null } : {}),
    });
  const reported = reportedTokens(usage, 'completion_tokens') ?? generation.outputTokens * choices;
  const each = reported / Math.max(1, generation.outputTokens * choices);

  for (let index = 0; index < choices; index += 1) {
    yield { text: chunk(index, { role: 'assistant', content: '', refusal: null }), outputTokens: 0 };
  }
  for (const content of generation.parts) {
    for (let index = 0; index < choices; index += 1) {
      yield { text: chunk(index, { content }), outputTokens: each };
    }
  }
  for (let index = 0; index < choices; index += 1) {
    yield { text: chunk(index, {}, finishReason(generation)), outputTokens: 0 };
  }
  if (withUsage) yield { text: event({ ...head, choices: [], usage }), outputTokens: 0 };
  if (reply.fault?.kind !== 'no_end') yield { text: 'data: [DONE]\n\n', outputTokens: 0 };
}

function top({ request, generation }: Chat, object: string): object {
  return {
    id: `chatcmpl-fake${request.number}`,
    object,
    created: 1_700_000_000,
    model: generation.model,
    service_tier: 'default',
    system_fingerprint: null,
  };
}

function usageOf({ generation, reply, choices }: Chat): unknown {
  if (reply.usage !== undefined) return reply.usage;
  const outputTokens = generation.outputTokens * choices;
  return {
    prompt_tokens: generation.inputTokens,
    completion_tokens: outputTokens,
    total_tokens: generation.inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function finishReason(generation: Generation): string {
  return generation.capped ? 'length' : 'stop';
}
