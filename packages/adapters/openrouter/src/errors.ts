import type { WireError } from '@genops/core';

/**
 * An error as OpenRouter's own client reads it, and no other: its code is the status, a number, and what kind of
 * error it is stands in its metadata.
 *
 * @see https://www.npmjs.com/package/@openrouter/sdk `TooManyRequestsResponseErrorData` (checked in 1.3.19)
 */
export function renderOpenRouterError(error: WireError): Uint8Array {
  const { status, message, type, parameter, code, details } = error;
  return Buffer.from(
    JSON.stringify({
      error: {
        ...details,
        message,
        type,
        param: parameter ?? null,
        code: status,
        metadata: { error_type: code },
      },
    }),
  );
}
