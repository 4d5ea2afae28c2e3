import { type Dialect, InvalidRequestError } from '@genops/core';
import { anthropicSpeech } from './anthropic-messages/index.ts';
import { asObject, asText, type Json, type Speech } from './conversation.ts';
import { geminiSpeech } from './gemini/index.ts';
import { openaiSpeech } from './openai-chat/index.ts';
import { type StreamTranslator, translateStream } from './translate-stream.ts';

/** Serves a call in one format by a provider that speaks another. */
export interface Translation {
  /**
   * The request as the provider reads it.
   *
   * @throws {InvalidRequestError} naming what has no counterpart there: nothing is ever left out
   */
  request(
    bytes: Uint8Array,
    options: { readonly model: string; readonly stream: boolean; readonly maxOutputTokens?: number },
  ): Uint8Array;
  /** The answer as the caller reads it. */
  answer(bytes: Uint8Array): Uint8Array;
  /** An error as the caller reads it; the provider's own words stay. */
  error(status: number, bytes: Uint8Array): Uint8Array;
  /** @param options.usage - the caller asked for usage at the end of the stream */
  stream(options: { readonly usage: boolean }): StreamTranslator;
}

const speeches: Readonly<Record<string, Speech>> = {
  'openai-chat': openaiSpeech,
  'anthropic-messages': anthropicSpeech,
  gemini: geminiSpeech,
};

/**
 * How a caller of one format is served in another: messages, tools, images, JSON mode, reasons to stop,
 * whole answers and streams.
 *
 * @returns undefined where there is no translation between the two
 */
export function translate(caller: Dialect, provider: Dialect): Translation | undefined {
  const to = Object.hasOwn(speeches, caller.id) ? speeches[caller.id] : undefined;
  const from = Object.hasOwn(speeches, provider.id) ? speeches[provider.id] : undefined;
  if (to === undefined || from === undefined || to === from) return undefined;
  return {
    request(bytes, { model, stream, maxOutputTokens }) {
      const conversation = to.readRequest(parse(bytes));
      const capped = maxOutputTokens === undefined ? conversation : { ...conversation, maxOutputTokens };
      return encode(from.writeRequest(capped, { model, stream }));
    },
    answer: (bytes) => encode(to.writeAnswer(from.readAnswer(parse(bytes)))),
    error(status, bytes) {
      const error = errorIn(bytes);
      const message = asText(error['message']) || `The provider answered with status ${status}`;
      const type = asText(error['type']) || asText(error['status']) || 'api_error';
      return caller.renderError({ status, type, code: asText(error['code']) || type, message });
    },
    stream: (options) => translateStream(from, to, caller, options),
  };
}

function parse(bytes: Uint8Array): Json {
  try {
    return asObject(
      JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')),
    );
  } catch (cause) {
    throw new InvalidRequestError(`Expected JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function errorIn(bytes: Uint8Array): Json {
  try {
    const body = parse(bytes);
    return asObject(body['error']);
  } catch {
    return {};
  }
}

function encode(value: Json): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
