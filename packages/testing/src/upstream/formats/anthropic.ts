import { countTokens, messages } from './anthropic-messages.ts';
import { anthropicError } from './anthropic-wire.ts';
import { type Endpoint, jsonAnswer, type WireFormat } from './format.ts';
import { bearerToken } from './openai.ts';

const listModels: Endpoint = {
  method: 'GET',
  path: '/v1/models',
  answer: () => {
    const data = ['claude-sonnet-4-6', 'claude-haiku-4-5'].map((id) => ({
      type: 'model',
      id,
      display_name: id,
      created_at: '2025-09-29T00:00:00Z',
    }));
    return jsonAnswer({ data, has_more: false, first_id: data[0]?.id, last_id: data.at(-1)?.id });
  },
};

/**
 * The Anthropic API below `/v1`: messages, token counts, models.
 *
 * @see https://docs.claude.com/en/api
 */
export const anthropicFormat: WireFormat = {
  id: 'anthropic',
  presentedKey(headers) {
    const { 'x-api-key': key, 'anthropic-version': version } = headers;
    if (typeof key === 'string') return key;
    return version === undefined ? undefined : bearerToken(headers);
  },
  renderError: (status, error) => JSON.stringify(anthropicError(status, error)),
  headers: (number) => ({ 'request-id': `req_fake${number}` }),
  endpoints: [messages, countTokens, listModels],
};
