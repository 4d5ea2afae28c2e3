import { image, oddText, schema, unknownMembers } from './odd.ts';

const question = { role: 'user', content: 'What time is it?' };

/** Requests as people write them, for a model of anybody who speaks as OpenAI's chat does. */
export const chatRequests = (model: string): Readonly<Record<string, object>> => ({
  'unknown parameters': { model, messages: [question], max_tokens: 50, ...unknownMembers },
  'tools, calls of them and their results': {
    model,
    messages: [
      question,
      {
        role: 'assistant',
        content: null,
        refusal: null,
        tool_calls: [
          {
            id: 'x-tool-1',
            type: 'function',
            function: { name: 'find-it', arguments: '{ "who-else":null }' },
          },
          { id: 'call_2', type: 'function', function: { name: 'find_them', arguments: '' } },
        ],
      },
      { role: 'tool', tool_call_id: 'x-tool-1', content: oddText },
      { role: 'tool', tool_call_id: 'call_2', content: [{ type: 'text', text: '' }] },
    ],
    tools: [
      { type: 'function', function: { name: 'find-it', parameters: schema, strict: true } },
      { type: 'custom', custom: { name: 'find_them', format: { type: 'text' } } },
    ],
    tool_choice: { type: 'function', function: { name: 'find-it' } },
    parallel_tool_calls: false,
    max_tokens: 50,
  },
  'images, sound and documents': {
    model,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: 'https://example.com/a-b.png?c=d&e=%20', detail: 'low' } },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } },
          { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
          { type: 'file', file: { filename: 'a-b.pdf', file_data: 'data:application/pdf;base64,JVBERg==' } },
        ],
      },
    ],
    max_tokens: 50,
  },
  'a developer, and odd text': {
    model,
    messages: [
      { role: 'developer', name: 'x-ops', content: oddText },
      { role: 'system', content: [{ type: 'text', text: '' }] },
      { role: 'user', name: 'ünï', content: oddText },
    ],
    metadata: { 'run-id': oddText },
    max_tokens: 50,
  },
  'null where something may be': {
    model,
    messages: [question],
    max_tokens: 50,
    max_completion_tokens: null,
    stream: null,
    stream_options: null,
    temperature: null,
    stop: null,
    tools: null,
    tool_choice: null,
    response_format: null,
    n: null,
    user: null,
    service_tier: null,
  },
  'a shape for the answer, and numbers': {
    model,
    messages: [question],
    max_tokens: 50,
    temperature: 0.1,
    presence_penalty: -2,
    seed: -9_007_199_254_740_991,
    logit_bias: { '50256': -100 },
    response_format: { type: 'json_schema', json_schema: { name: 'x-answer', schema, strict: true } },
  },
});
