import type { FakeError, Reply } from '../reply.ts';
import { type Answer, type Endpoint, jsonAnswer, type Piece, type WireFormat } from './format.ts';
import { bearerToken } from './openai.ts';
import { chatCompletions } from './openai-chat.ts';
import { event } from './openai-wire.ts';

const provider = 'Fake Host';

/** What OpenRouter sends while it waits for a provider. */
const keepAlive: Piece = { text: ': OPENROUTER PROCESSING\n\n', outputTokens: 0 };

/** POST /api/v1/chat/completions: OpenAI's, with usage and its cost whether asked for or not. */
const chat: Endpoint = {
  method: 'POST',
  path: '/api/v1/chat/completions',
  answer(request, reply) {
    const { stream_options: _, ...body } = request.body;
    const streams = body['stream'] === true;
    const answer = chatCompletions.answer(
      { ...request, body: { ...body, ...(streams && { stream_options: { include_usage: true } }) } },
      withGatewayFields(reply, generationId(request.number)),
    );
    return streams ? withKeepAlives(answer) : answer;
  },
};

function withGatewayFields(reply: Reply, id: string): Reply {
  const usage = reply.usage ?? {
    prompt_tokens: 100,
    completion_tokens: 12,
    total_tokens: 112,
    cost: 0.0000222,
    is_byok: false,
    cost_details: {
      upstream_inference_cost: 0.0000222,
      upstream_inference_prompt_cost: 0.000015,
      upstream_inference_completions_cost: 0.0000072,
    },
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  };
  return { ...reply, usage, fields: { id, provider, system_fingerprint: 'fp_fake', ...reply.fields } };
}

/** Like the real one, an error in a stream is a chunk that has an error, and the end. */
function withKeepAlives(answer: Answer): Answer {
  return {
    kind: 'stream',
    pieces: withoutNulls(answer.pieces),
    renderErrorEvent: (error: FakeError) =>
      event({
        id: generationId(0),
        object: 'chat.completion.chunk',
        provider,
        error: { code: 502, message: error.message ?? 'Provider disconnected unexpectedly' },
        choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
      }),
  };
}

/** OpenAI's chunks say `"usage":null` before the last; here they say nothing. */
function* withoutNulls(pieces: Iterable<Piece>): Generator<Piece> {
  yield* [keepAlive, keepAlive];
  for (const piece of pieces) yield { ...piece, text: String(piece.text).replace(',"usage":null', '') };
}

function generationId(number: number): string {
  return `gen-1762345678-fake${number}`;
}

/** GET /api/v1/generation: nothing is known until a rule says what. */
const generation: Endpoint = {
  method: 'GET',
  path: '/api/v1/generation',
  answer: () => jsonAnswer({ data: null }),
};

/** GET /api/v1/key: what a key may still do. */
const key: Endpoint = {
  method: 'GET',
  path: '/api/v1/key',
  answer: () =>
    jsonAnswer({ data: { label: 'sk-or-v1-fak...key', limit: null, usage: 0, is_free_tier: false } }),
};

/** GET /api/v1/models: for everybody to read. */
const models: Endpoint = {
  method: 'GET',
  path: '/api/v1/models',
  open: true,
  answer: () =>
    jsonAnswer({
      data: [
        {
          id: 'openai/gpt-4o-mini',
          canonical_slug: 'openai/gpt-4o-mini',
          name: 'OpenAI: GPT-4o-mini',
          created: 1_721_260_800,
          context_length: 128_000,
          architecture: {
            modality: 'text+image->text',
            input_modalities: ['text', 'image', 'file'],
            output_modalities: ['text'],
            tokenizer: 'GPT',
            instruct_type: null,
          },
          per_request_limits: null,
          supported_parameters: ['max_tokens', 'tools'],
          default_parameters: null,
          supported_voices: null,
          links: { details: '/api/v1/models/openai/gpt-4o-mini/endpoints' },
          pricing: { prompt: '0.00000015', completion: '0.0000006', input_cache_read: '0.000000075' },
          top_provider: { context_length: 128_000, max_completion_tokens: 16_384, is_moderated: true },
        },
      ],
      total_count: 1,
      links: { next: null },
    }),
};

/**
 * OpenRouter below `/api/v1`: chat completions, generations, models.
 *
 * @see https://openrouter.ai/docs/api-reference/overview
 */
export const openrouterFormat: WireFormat = {
  id: 'openrouter',
  presentedKey: bearerToken,
  renderError: (status, { message = 'Something went wrong', code, type }) =>
    JSON.stringify({
      error: {
        code: status,
        message,
        ...((code ?? type) !== undefined && { metadata: { error_type: type, limit_source: code } }),
      },
    }),
  headers: (number) => ({ 'x-generation-id': generationId(number) }),
  endpoints: [chat, generation, models, key],
};
