import type { WireError } from '@genops/core';
import { writeFrame } from '../stream/aws-event-stream.ts';

/** How the service calls what an HTTP status means. */
const nameOfStatus: Readonly<Record<number, string>> = {
  401: 'AccessDeniedException',
  402: 'ServiceQuotaExceededException',
  403: 'AccessDeniedException',
  404: 'ResourceNotFoundException',
  408: 'ModelTimeoutException',
  429: 'ThrottlingException',
  503: 'ServiceUnavailableException',
};

/** The exceptions that a stream may carry. */
const streamed = new Set(['ThrottlingException', 'ServiceUnavailableException', 'InternalServerException']);

/** An error as the clients of AWS expect it. They take a `code` for its name, so ours is the `reason`. */
export function renderConverseError(error: WireError): Uint8Array {
  const { message, code, parameter, details } = error;
  const where = parameter === undefined ? {} : { parameter };
  return Buffer.from(
    JSON.stringify({ ...details, __type: exceptionOf(error), message, reason: code, ...where }),
  );
}

/** An error as an exception in a stream. */
export function renderConverseStreamError(error: WireError): Uint8Array {
  const exception = exceptionOf(error);
  const name = streamed.has(exception) ? exception : 'ValidationException';
  const headers = {
    ':exception-type': name.charAt(0).toLowerCase() + name.slice(1),
    ':content-type': 'application/json',
    ':message-type': 'exception',
  };
  return writeFrame(headers, Buffer.from(JSON.stringify({ message: error.message, reason: error.code })));
}

function exceptionOf({ status }: WireError): string {
  return nameOfStatus[status] ?? (status >= 500 ? 'InternalServerException' : 'ValidationException');
}
