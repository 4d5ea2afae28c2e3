import type { Dialect } from '@genops/core';
import { createDialect } from '../dialect.ts';
import { renderConverseError, renderConverseStreamError } from './error.ts';
import { openConverseRequest } from './request.ts';
import { converseStream } from './stream.ts';
import { converseAnswer } from './usage.ts';

/** Converse and ConverseStream, of Amazon Bedrock. */
export const bedrockConverse: Dialect = createDialect({
  id: 'bedrock-converse',
  operation: 'chat',
  openRequest: openConverseRequest,
  answer: converseAnswer,
  stream: converseStream,
  renderError: renderConverseError,
  renderStreamError: renderConverseStreamError,
});
