import type { GovernableClient } from './call-governor.ts';

/** What tools use of a client that speaks OpenAI's chat completions; the official `openai` client is one. */
export interface ChatClient extends GovernableClient {
  readonly chat: {
    readonly completions: { create(body: ChatRequest, options?: ChatRequestOptions): ChatPromise };
  };
}

/** A chat request. Everything else that the API knows may stand in it and is sent as it is. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: ChatMessage[];
  readonly max_completion_tokens?: number;
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface ChatRequestOptions {
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
  /** In milliseconds. */
  readonly timeout?: number;
  readonly maxRetries?: number;
}

export interface ChatPromise {
  withResponse(): Promise<{ readonly data: ChatAnswer; readonly response: Response }>;
}

/** What every chat answer has. */
export interface ChatAnswer {
  readonly id: string;
  readonly model: string;
  readonly choices: readonly { readonly message: { readonly content?: string | null } }[];
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | null;
}
