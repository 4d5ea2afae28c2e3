import type { WireError } from '@genops/core';

/** How Google calls what an HTTP status means. */
const nameOfStatus: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  402: 'FAILED_PRECONDITION',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** An error as Google's clients expect it. */
export function renderGeminiError(error: WireError): Uint8Array {
  return Buffer.from(JSON.stringify(errorBody(error)));
}

/** An error as an event of a stream. */
export function renderGeminiStreamError(error: WireError): Uint8Array {
  return Buffer.from(`data: ${JSON.stringify(errorBody(error))}\n\n`);
}

function errorBody({ status, message, code, parameter, details }: WireError): object {
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: code.toUpperCase(),
    domain: 'genops',
    metadata: { ...(parameter === undefined ? {} : { parameter }), ...asTexts(details) },
  };
  return { error: { code: status, message, status: nameOfStatus[status] ?? 'UNKNOWN', details: [info] } };
}

/** Metadata of Google's errors holds text only. */
function asTexts(details: WireError['details'] = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(details).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}
