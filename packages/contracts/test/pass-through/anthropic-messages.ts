import { image, oddText, schema, unknownMembers } from './odd.ts';

const model = 'claude-haiku-4-5';
const question = { role: 'user', content: 'What time is it?' };

/** Requests to the Messages API, as people write them. */
export const messagesRequests: Readonly<Record<string, object>> = {
  'unknown parameters': { model, messages: [question], max_tokens: 50, ...unknownMembers },
  'tools, calls of them and their results': {
    model,
    messages: [
      question,
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: oddText, signature: 'EqQB==' },
          {
            type: 'tool_use',
            id: 'x-tool-1',
            name: 'find-it',
            input: { 'who-else': null, numbers: [-1, 1e21] },
          },
          { type: 'server_tool_use', id: 'srvtoolu-1', name: 'web_search', input: { query: oddText } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'x-tool-1', is_error: false, content: oddText },
          { type: 'tool_result', tool_use_id: 'x-tool-2', content: [{ type: 'text', text: 'x' }] },
        ],
      },
    ],
    tools: [
      { name: 'find-it', input_schema: schema, cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'web_search_20250305', name: 'web_search', max_uses: 3 },
    ],
    tool_choice: { type: 'tool', name: 'find-it', disable_parallel_tool_use: true },
    max_tokens: 50,
  },
  'images and documents': {
    model,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'url', url: 'https://example.com/a-b.png?c=d&e=%20' } },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: image } },
          {
            type: 'document',
            title: null,
            source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERg==' },
            citations: { enabled: true },
          },
          { type: 'text', text: oddText, cache_control: { type: 'ephemeral' } },
        ],
      },
    ],
    max_tokens: 50,
  },
  'a system, odd text and numbers': {
    model,
    system: [{ type: 'text', text: oddText, cache_control: { type: 'ephemeral' } }],
    messages: [{ role: 'user', content: oddText }],
    temperature: 0.1,
    top_k: -1,
    metadata: { user_id: 'x-user-1' },
    stop_sequences: ['\u2028', ''],
    max_tokens: 50,
  },
  'null where something may be': {
    model,
    messages: [question],
    max_tokens: 50,
    stream: null,
    system: null,
    temperature: null,
    tools: null,
    thinking: null,
    service_tier: null,
  },
};
