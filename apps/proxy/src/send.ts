import type { ServerResponse } from 'node:http';

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

/** Answers with an error of the shape that OpenAI's clients read. It is final: sending again changes nothing. */
export function sendError(
  response: ServerResponse,
  status: number,
  type: string,
  code: string,
  message: string,
): void {
  response.setHeader('x-should-retry', 'false');
  sendJson(response, status, { error: { message, type, param: null, code } });
}
