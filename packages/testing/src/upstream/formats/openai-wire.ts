import type { FakeError } from '../reply.ts';

/** An event without a name, as OpenAI's chat streams have them. */
export function event(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

/** An event with a name. */
export function namedEvent(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** OpenAI's error object; what is not said follows from the status. */
export function openaiError(status: number, error: FakeError): object {
  const [type, code, message] = errorsByStatus.get(status) ?? ['server_error', null, 'The server failed.'];
  return {
    error: {
      message: error.message ?? message,
      type: error.type ?? type,
      param: error.parameter ?? null,
      code: error.code ?? code,
    },
  };
}

const errorsByStatus = new Map<number, readonly [type: string, code: string | null, message: string]>([
  [400, ['invalid_request_error', null, 'The request is not valid.']],
  [401, ['invalid_request_error', 'invalid_api_key', 'The API key is missing or wrong.']],
  [403, ['invalid_request_error', 'permission_denied', 'This key may not do that.']],
  [404, ['invalid_request_error', 'not_found', 'There is nothing at this address.']],
  [405, ['invalid_request_error', 'method_not_supported', 'Not allowed to use that method here.']],
  [429, ['requests', 'rate_limit_exceeded', 'Rate limit reached; try again later.']],
  [503, ['service_unavailable_error', null, 'The engine is overloaded; try again later.']],
]);

/** A counter of a scripted usage object, when it is one that tokens can be counted with. */
export function reportedTokens(usage: unknown, counter: string): number | undefined {
  const value = (usage as Readonly<Record<string, unknown>> | null | undefined)?.[counter];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
