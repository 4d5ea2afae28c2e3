import { image, oddText, schema, unknownMembers } from './odd.ts';

const model = 'gpt-4o-mini';

/** Requests to the Responses API, as people write them. */
export const responsesRequests: Readonly<Record<string, object>> = {
  'unknown parameters': { model, input: oddText, max_output_tokens: 50, ...unknownMembers },
  'tools, calls of them and their results': {
    model,
    input: [
      { role: 'user', content: 'What time is it?' },
      { type: 'function_call', call_id: 'x-tool-1', name: 'find-it', arguments: '{ "who-else":null }' },
      { type: 'function_call_output', call_id: 'x-tool-1', output: oddText },
      { type: 'reasoning', id: 'rs-1', summary: [], encrypted_content: 'gAAA==' },
    ],
    tools: [
      { type: 'function', name: 'find-it', parameters: schema, strict: null },
      {
        type: 'mcp',
        server_label: 'x-files',
        server_url: 'https://example.com/mcp',
        require_approval: 'never',
      },
    ],
    tool_choice: { type: 'function', name: 'find-it' },
    max_output_tokens: 50,
  },
  'images and documents': {
    model,
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_text', text: oddText },
          { type: 'input_image', image_url: 'https://example.com/a-b.png', detail: 'auto' },
          { type: 'input_image', image_url: `data:image/png;base64,${image}`, file_id: null },
          { type: 'input_file', filename: 'a-b.pdf', file_data: 'data:application/pdf;base64,JVBERg==' },
        ],
      },
    ],
    max_output_tokens: 50,
  },
  'a developer': {
    model,
    instructions: oddText,
    input: [{ type: 'message', role: 'developer', content: [{ type: 'input_text', text: oddText }] }],
    include: ['reasoning.encrypted_content'],
    max_output_tokens: 50,
  },
  'null where something may be': {
    model,
    input: 'What time is it?',
    max_output_tokens: 50,
    instructions: null,
    previous_response_id: null,
    stream: null,
    temperature: null,
    text: null,
    tools: null,
    reasoning: null,
    metadata: null,
  },
};
