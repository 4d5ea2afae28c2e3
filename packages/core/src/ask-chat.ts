import type { ChatAnswer, ChatClient, ChatMessage, ChatRequestOptions } from './chat-client.ts';
import type { RequestFacts } from './dialect.ts';
import { type Money, money } from './money.ts';
import type { Usage } from './usage.ts';

export interface ChatQuestion {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  /** Most tokens of the answer. */
  readonly maxTokens?: number;
  /** Further fields of the request, sent as they are. */
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/** One answer, with what its governor said of it. */
export interface AskedChat {
  readonly text: string;
  readonly answer: ChatAnswer;
  readonly headers: Headers;
  readonly usage: Usage;
  /** Absent when nobody knows. */
  readonly cost?: Money;
}

/** Asks a model through a governed client, and reads what it cost off the head of the answer. */
export async function askChat(
  client: ChatClient,
  { model, messages, maxTokens, parameters }: ChatQuestion,
  options?: ChatRequestOptions,
): Promise<AskedChat> {
  const { data, response } = await client.chat.completions
    .create(
      {
        ...parameters,
        model,
        messages: [...messages],
        ...(maxTokens !== undefined && { max_completion_tokens: maxTokens }),
      },
      options,
    )
    .withResponse();
  const { headers } = response;
  const amount = headers.get('x-genops-cost');
  return {
    text: data.choices[0]?.message.content ?? '',
    answer: data,
    headers,
    usage: {
      ...(data.usage && {
        inputTokens: data.usage.prompt_tokens,
        outputTokens: data.usage.completion_tokens,
      }),
    },
    ...(amount !== null && { cost: money(amount, headers.get('x-genops-cost-currency') ?? undefined) }),
  };
}

/** What ranking needs to know of a question before it is asked. */
export function chatFacts({ model, messages, maxTokens }: ChatQuestion): RequestFacts {
  return {
    requestModel: model,
    stream: false,
    choices: 1,
    inputBytes: Buffer.byteLength(JSON.stringify(messages)),
    ...(maxTokens !== undefined && { maxOutputTokens: maxTokens }),
  };
}

/** Statuses after which another model, or another provider, may well answer. */
const retryable: ReadonlySet<unknown> = new Set([404, 408, 409, 429]);
/** Refusals that are about this model, or about what it would cost. */
const aboutModel: ReadonlySet<unknown> = new Set(['budget_exceeded', 'unpriced_model', 'policy_deny_model']);

/**
 * True for an error of a client after which another model may well answer; false when the request is to blame, or
 * somebody gave up. After a time-out the first may still have worked: what it can have cost is booked.
 */
export function anotherModelMayHelp(error: unknown): boolean {
  const { status, code } = error as { readonly status?: unknown; readonly code?: unknown };
  if (aboutModel.has(code) || retryable.has(status)) return true;
  return typeof status === 'number' ? status >= 500 : isWithoutAnswer(error);
}

/** A time-out or a broken connection: an error of the official client that has a place for a status, and none. */
function isWithoutAnswer(error: unknown): boolean {
  const gaveUp = (error as { readonly message?: string }).message === 'Request was aborted.';
  return error instanceof Error && 'status' in error && error.status === undefined && !gaveUp;
}
