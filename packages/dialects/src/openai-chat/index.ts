import type { Dialect } from '@genops/core';
import { createDialect } from '../dialect.ts';
import { renderChatError, renderChatStreamError } from './error.ts';
import { type CapParameter, openChatRequest } from './request.ts';
import { chatStream } from './stream.ts';
import { chatAnswer, googleChatAnswer } from './usage.ts';

/** Where one provider's Chat Completions differ from OpenAI's. */
export interface OpenaiChatOptions {
  /**
   * Caps that the provider heeds; the first is added when the caller set none. A cap that is not heeded caps
   * nothing, so it is not taken for one.
   *
   * @default ['max_completion_tokens', 'max_tokens']
   */
  readonly caps?: readonly [CapParameter, ...CapParameter[]];
  /**
   * What tokens are that only the total counts: `reasoning` for Google, which does not itemise its thoughts.
   *
   * @default 'unexplained', which reports them as unread
   */
  readonly remainder?: 'unexplained' | 'reasoning';
}

/** Chat Completions as one provider speaks it. */
export function defineOpenaiChat(options: OpenaiChatOptions = {}): Dialect {
  const { caps = ['max_completion_tokens', 'max_tokens'], remainder = 'unexplained' } = options;
  const answer = remainder === 'reasoning' ? googleChatAnswer : chatAnswer;
  return createDialect({
    id: 'openai-chat',
    operation: 'chat',
    openRequest: (bytes, path) => openChatRequest(bytes, path, caps),
    answer,
    stream: { ...chatStream, answer },
    renderError: renderChatError,
    renderStreamError: renderChatStreamError,
  });
}

/** Chat Completions, as OpenAI defines it and most providers speak it. */
export const openaiChat: Dialect = defineOpenaiChat();
