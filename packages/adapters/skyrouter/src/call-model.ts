import {
  type ChatAnswer,
  type ChatClient,
  type ChatMessage,
  type Money,
  money,
  type Usage,
} from '@genops/core';

/** One answer of one model. */
export interface ModelAnswer {
  readonly model: string;
  readonly text: string;
  readonly answer: ChatAnswer;
  /** Absent when nobody knows. */
  readonly cost?: Money;
  readonly usage: Usage;
}

export interface ModelRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly maxTokens?: number;
}

/** Asks one model, and reads what it cost off the governed answer. */
export async function callModel(client: ChatClient, request: ModelRequest): Promise<ModelAnswer> {
  const { model, messages, maxTokens } = request;
  const { data, response } = await client.chat.completions
    .create({
      model,
      messages: [...messages],
      ...(maxTokens !== undefined && { max_completion_tokens: maxTokens }),
    })
    .withResponse();
  const amount = response.headers.get('x-genops-cost');
  return {
    model,
    text: data.choices[0]?.message.content ?? '',
    answer: data,
    ...(amount !== null && {
      cost: money(amount, response.headers.get('x-genops-cost-currency') ?? undefined),
    }),
    usage: {
      ...(data.usage && {
        inputTokens: data.usage.prompt_tokens,
        outputTokens: data.usage.completion_tokens,
      }),
    },
  };
}

/** Statuses after which another model may well answer. */
const retryable = new Set([404, 408, 409, 429]);
/** Refusals that are about this model, or about what it would cost. */
const aboutModel = new Set(['budget_exceeded', 'unpriced_model', 'policy_deny_model']);

/**
 * Asks one model after the other until one answers.
 *
 * @throws what the last one threw, or the first error that no other model could help with
 */
export async function callFirst(
  client: ChatClient,
  models: readonly string[],
  request: Omit<ModelRequest, 'model'>,
): Promise<ModelAnswer> {
  const [model, ...others] = models;
  if (model === undefined) throw new RangeError('models: expected at least one');
  try {
    return await callModel(client, { ...request, model });
  } catch (error) {
    if (others.length === 0 || !anotherMayHelp(error)) throw error;
    return callFirst(client, others, request);
  }
}

function anotherMayHelp(error: unknown): boolean {
  const { status, code } = error as { readonly status?: unknown; readonly code?: unknown };
  if (typeof code === 'string' && aboutModel.has(code)) return true;
  return typeof status === 'number' && (status >= 500 || retryable.has(status));
}
