import type { WireError } from '@genops/core';

/** How the format calls what an HTTP status means. */
const typeOfStatus: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/** An error as Anthropic's clients expect it. */
export function renderMessagesError(error: WireError): Uint8Array {
  return Buffer.from(JSON.stringify(errorBody(error)));
}

/** An error as an event of a stream; clients throw on it and end. */
export function renderMessagesStreamError(error: WireError): Uint8Array {
  return Buffer.from(`event: error\ndata: ${JSON.stringify(errorBody(error))}\n\n`);
}

function errorBody({ status, message, code, parameter, details }: WireError): object {
  const type = typeOfStatus[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
  const where = parameter === undefined ? {} : { param: parameter };
  return { type: 'error', error: { ...details, type, message, code, ...where } };
}
