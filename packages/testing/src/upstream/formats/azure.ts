import type { WireFormat } from './format.ts';
import { openaiFormat } from './openai.ts';

/**
 * OpenAI's endpoints at Azure's addresses, with the key in Azure's header.
 *
 * @see https://learn.microsoft.com/azure/ai-foundry/openai/reference
 */
export const azureFormat: WireFormat = {
  ...openaiFormat,
  id: 'azure',
  presentedKey: ({ 'api-key': key }) => (typeof key === 'string' ? key : undefined),
  endpoints: openaiFormat.endpoints.flatMap((endpoint) => [
    { ...endpoint, path: `/openai${endpoint.path}` },
    {
      ...endpoint,
      path: endpoint.path.replace('/v1', '/openai/deployments/*'),
      answer: (request, reply) =>
        endpoint.answer(
          { ...request, body: { model: 'from-deployment', ...request.body } },
          { model: 'gpt-4o-mini-2024-07-18', ...reply },
        ),
    },
  ]),
};
