import type { ChatRequest } from '@openrouter/sdk/models';
import { image, oddText, schema } from './odd.ts';

const model = 'my-org/gpt-4o-mini-2024';
const question = { role: 'user' as const, content: 'What time is it?' };

/** Requests as people write them for the official client, which lets nothing pass that it does not know. */
export const openrouterRequests: Readonly<Record<string, ChatRequest>> = {
  'where it may be served, and numbers': {
    model,
    models: ['my-org/other-1', 'openai/gpt-4o-mini'],
    messages: [question],
    provider: { order: ['fake-host'], allowFallbacks: false, maxPrice: { prompt: '0.1' } },
    plugins: [{ id: 'web', maxResults: 3 }],
    presencePenalty: -2,
    seed: -1,
    temperature: null,
    maxTokens: 50,
  },
  'tools, calls of them and their results': {
    model,
    messages: [
      question,
      {
        role: 'assistant',
        content: null,
        toolCalls: [
          {
            id: 'x-tool-1',
            type: 'function',
            function: { name: 'find-it', arguments: '{ "who-else":null }' },
          },
        ],
      },
      { role: 'tool', toolCallId: 'x-tool-1', content: oddText },
    ],
    tools: [{ type: 'function', function: { name: 'find-it', parameters: schema, strict: null } }],
    toolChoice: { type: 'function', function: { name: 'find-it' } },
    maxTokens: 50,
  },
  'images, sound and documents': {
    model,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: oddText },
          { type: 'image_url', imageUrl: { url: 'https://example.com/a-b.png?c=d&e=%20' } },
          { type: 'image_url', imageUrl: { url: `data:image/png;base64,${image}` } },
          { type: 'input_audio', inputAudio: { data: 'UklGRg==', format: 'wav' } },
          { type: 'file', file: { filename: 'a-b.pdf', fileData: 'https://example.com/a-b.pdf' } },
        ],
      },
    ],
    maxTokens: 50,
  },
  'a developer, and odd text': {
    model,
    messages: [
      { role: 'developer', name: 'x-ops', content: oddText },
      { role: 'user', content: oddText },
    ],
    metadata: { 'run-id': oddText },
    maxTokens: 50,
  },
};
