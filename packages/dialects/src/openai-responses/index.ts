import type { Dialect, WireError } from '@genops/core';
import { createDialect } from '../dialect.ts';
import { chatErrorBody, renderChatError } from '../openai-chat/error.ts';
import { openResponsesRequest } from './request.ts';
import { responsesStream } from './stream.ts';
import { responsesAnswer } from './usage.ts';

/** The Responses API, as OpenAI defines it. */
export const openaiResponses: Dialect = createDialect({
  id: 'openai-responses',
  operation: 'chat',
  openRequest: openResponsesRequest,
  answer: responsesAnswer,
  stream: responsesStream,
  renderError: renderChatError,
  renderStreamError: renderResponsesStreamError,
});

/** Clients throw on the inner object; the outer members are those that the format documents. */
function renderResponsesStreamError(error: WireError): Uint8Array {
  const { message, code, parameter = null } = error;
  const event = { type: 'error', code, message, param: parameter, ...chatErrorBody(error) };
  return Buffer.from(`event: error\ndata: ${JSON.stringify(event)}\n\n`);
}
