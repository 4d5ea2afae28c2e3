import type { WireError } from '@genops/core';

/** An error as OpenAI's clients expect it; `details` become further members. */
export function renderChatError(error: WireError): Uint8Array {
  return Buffer.from(JSON.stringify(errorBody(error)));
}

/** An error as an event of a stream; clients throw on it and end. No `[DONE]` follows. */
export function renderChatStreamError(error: WireError): Uint8Array {
  return Buffer.from(`data: ${JSON.stringify(errorBody(error))}\n\n`);
}

function errorBody({ message, type, parameter, code, details }: WireError): object {
  return { error: { ...details, message, type, param: parameter ?? null, code } };
}
