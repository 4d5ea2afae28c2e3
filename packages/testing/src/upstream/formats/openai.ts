import type { IncomingHttpHeaders } from 'node:http';
import { type Endpoint, jsonAnswer, type WireFormat } from './format.ts';
import { chatCompletions } from './openai-chat.ts';
import { embeddings } from './openai-embeddings.ts';
import { responses } from './openai-responses.ts';
import { openaiError } from './openai-wire.ts';

const created = 1_700_000_000;

const listModels: Endpoint = {
  method: 'GET',
  path: '/v1/models',
  answer: () =>
    jsonAnswer({
      object: 'list',
      data: ['gpt-4o', 'gpt-4o-mini', 'text-embedding-3-small'].map(modelObject),
    }),
};

const readModel: Endpoint = {
  method: 'GET',
  path: '/v1/models/*',
  answer: ({ path }) => jsonAnswer(modelObject(decodeURIComponent(path.slice('/v1/models/'.length)))),
};

/**
 * The OpenAI API below `/v1`: chat completions, responses, embeddings, models.
 *
 * @see https://platform.openai.com/docs/api-reference
 */
export const openaiFormat: WireFormat = {
  id: 'openai',
  presentedKey: bearerToken,
  renderError: (status, error) => JSON.stringify(openaiError(status, error)),
  headers: (number) => ({ 'x-request-id': `req_fake${number}` }),
  endpoints: [chatCompletions, responses, embeddings, listModels, readModel],
};

/** What follows `Bearer` in `authorization`. */
export function bearerToken(headers: IncomingHttpHeaders): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}

function modelObject(id: string): object {
  return { id, object: 'model', created, owned_by: 'fake' };
}
