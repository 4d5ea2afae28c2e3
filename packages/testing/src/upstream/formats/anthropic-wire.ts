import type { FakeError } from '../reply.ts';

/** Anthropic's error object; what is not said follows from the status. */
export function anthropicError(status: number, error: FakeError): object {
  const [type, message] = errorsByStatus.get(status) ?? ['api_error', 'Internal server error'];
  return {
    type: 'error',
    error: {
      type: error.type ?? type,
      message: error.message ?? message,
      ...(error.code === undefined ? {} : { details: { error_code: error.code } }),
    },
    request_id: null,
  };
}

const errorsByStatus = new Map<number, readonly [type: string, message: string]>([
  [400, ['invalid_request_error', 'The request is not valid.']],
  [401, ['authentication_error', 'The API key is missing or wrong.']],
  [402, ['billing_error', 'There is no credit left.']],
  [403, ['permission_error', 'This key may not do that.']],
  [404, ['not_found_error', 'There is nothing at this address.']],
  [429, ['rate_limit_error', 'Rate limit reached; try again later.']],
  [504, ['timeout_error', 'The request took too long.']],
  [529, ['overloaded_error', 'Overloaded']],
]);
