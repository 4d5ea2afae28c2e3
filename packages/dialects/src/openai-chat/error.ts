import type { WireError } from '@genops/core';

/** An error as OpenAI's clients expect it; `details` become further members. */
export function renderChatError(error: WireError): Uint8Array {
  return Buffer.from(JSON.stringify(chatErrorBody(error)));
}

/** An error as an event of a stream; clients throw on it and end. No `[DONE]` follows. */
export function renderChatStreamError(error: WireError): Uint8Array {
  return Buffer.from(`data: ${JSON.stringify(chatErrorBody(error))}\n\n`);
}

/** The shape that all of OpenAI's formats share. */
export function chatErrorBody({ message, type, parameter, code, details }: WireError): object {
  return { error: { ...details, message, type, param: parameter ?? null, code } };
}
