import type { ChatClient, ChatQuestion, ChatRequest, ChatRequestOptions } from '@genops/core';
import type { ChatChunk } from './chat-stream.ts';

/** An answer that has begun. */
export interface OpenedStream {
  readonly chunks: AsyncIterable<ChatChunk>;
  readonly headers: Headers;
}

/** Asks a model through a governed client, and comes back once the answer has begun. */
export async function openStream(
  client: ChatClient,
  { model, messages, maxTokens, parameters }: ChatQuestion,
  options: ChatRequestOptions,
): Promise<OpenedStream> {
  const body = {
    ...parameters,
    model,
    messages: [...messages],
    ...(maxTokens !== undefined && { max_completion_tokens: maxTokens }),
    stream: true,
  };
  const { data, response } = await client.chat.completions
    .create(body as ChatRequest, options)
    // With `stream: true` the official client gives chunks; the type of `ChatClient` knows whole answers only.
    .withResponse();
  return { chunks: data as unknown as AsyncIterable<ChatChunk>, headers: response.headers };
}
