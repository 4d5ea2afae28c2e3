import {
  type Answer,
  asCount,
  asList,
  asObject,
  asText,
  type Delta,
  type Json,
  type Stop,
  type TokenCounts,
} from '../conversation.ts';

const reasons: Readonly<Record<string, Stop>> = {
  end_turn: 'end',
  stop_sequence: 'end',
  pause_turn: 'end',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'filtered',
};
const names: Readonly<Record<Stop, string>> = {
  end: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  filtered: 'refusal',
};

/** Here the input leaves out what was read from or written to a cache. */
function readTokens(usage: Json): TokenCounts {
  const cacheRead = asCount(usage['cache_read_input_tokens']);
  const cacheWrite = asCount(usage['cache_creation_input_tokens']);
  return {
    input: asCount(usage['input_tokens']) + cacheRead + cacheWrite,
    output: asCount(usage['output_tokens']),
    cacheRead,
    cacheWrite,
    reasoning: asCount(asObject(usage['output_tokens_details'])['thinking_tokens']),
  };
}

function writeTokens({ input, output, cacheRead = 0, cacheWrite = 0 }: TokenCounts): Json {
  return {
    input_tokens: input - cacheRead - cacheWrite,
    output_tokens: output,
    cache_read_input_tokens: cacheRead,
    cache_creation_input_tokens: cacheWrite,
  };
}

export function readAnthropicAnswer(body: Json): Answer {
  const blocks = asList(body['content']).map(asObject);
  return {
    id: asText(body['id']),
    model: asText(body['model']),
    text: blocks.map((block) => (block['type'] === 'text' ? asText(block['text']) : '')).join(''),
    toolCalls: blocks.flatMap((block) =>
      block['type'] === 'tool_use'
        ? [
            {
              kind: 'tool_call',
              id: asText(block['id']),
              name: asText(block['name']),
              input: asObject(block['input']),
            },
          ]
        : [],
    ),
    stop: reasons[asText(body['stop_reason'])] ?? 'end',
    ...(body['usage'] !== undefined && { tokens: readTokens(asObject(body['usage'])) }),
  };
}

export function writeAnthropicAnswer({ id, model, text, toolCalls, stop, tokens }: Answer): Json {
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content: [
      ...(text === '' ? [] : [{ type: 'text', text }]),
      ...toolCalls.map(({ id: callId, name, input }) => ({ type: 'tool_use', id: callId, name, input })),
    ],
    stop_reason: names[stop],
    stop_sequence: null,
    usage: writeTokens(tokens ?? { input: 0, output: 0 }),
  };
}

export function createAnthropicReader(): (event: Json) => readonly Delta[] {
  /** Blocks are counted with texts and thoughts among them, calls of tools are not. */
  const toolOfBlock = new Map<number, number>();
  let usage: Json = {};
  return (event) => {
    const block = asCount(event['index']);
    switch (event['type']) {
      case 'message_start': {
        const message = asObject(event['message']);
        usage = asObject(message['usage']);
        return [{ kind: 'start', id: asText(message['id']), model: asText(message['model']) }];
      }
      case 'content_block_start': {
        const content = asObject(event['content_block']);
        if (content['type'] !== 'tool_use') return [];
        const index = toolOfBlock.size;
        toolOfBlock.set(block, index);
        return [{ kind: 'tool_begin', index, id: asText(content['id']), name: asText(content['name']) }];
      }
      case 'content_block_delta': {
        const delta = asObject(event['delta']);
        if (delta['type'] === 'text_delta') return [{ kind: 'text', text: asText(delta['text']) }];
        const index = toolOfBlock.get(block);
        if (delta['type'] !== 'input_json_delta' || index === undefined) return [];
        return [{ kind: 'tool_input', index, json: asText(delta['partial_json']) }];
      }
      case 'message_delta': {
        usage = { ...usage, ...asObject(event['usage']) };
        const stop = reasons[asText(asObject(event['delta'])['stop_reason'])] ?? 'end';
        return [
          { kind: 'tokens', tokens: readTokens(usage) },
          { kind: 'stop', stop },
        ];
      }
      default:
        return [];
    }
  };
}

export function createAnthropicWriter(): (delta: Delta) => string {
  let blocks = 0;
  let open: 'text' | 'tool' | undefined;
  let stop: Stop = 'end';
  let tokens: TokenCounts = { input: 0, output: 0 };
  const send = (type: string, more: Json = {}): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
  const close = (): string => {
    if (open === undefined) return '';
    open = undefined;
    return send('content_block_stop', { index: blocks - 1 });
  };
  const begin = (kind: 'text' | 'tool', content: Json): string => {
    const closed = close();
    open = kind;
    blocks += 1;
    return closed + send('content_block_start', { index: blocks - 1, content_block: content });
  };
  const say = (delta: Json): string => send('content_block_delta', { index: blocks - 1, delta });
  return (delta) => {
    switch (delta.kind) {
      case 'start': {
        const none = { content: [], stop_reason: null, stop_sequence: null, usage: writeTokens(tokens) };
        const message = { id: delta.id, type: 'message', role: 'assistant', model: delta.model, ...none };
        return send('message_start', { message });
      }
      case 'text': {
        const begun = open === 'text' ? '' : begin('text', { type: 'text', text: '' });
        return begun + say({ type: 'text_delta', text: delta.text });
      }
      case 'tool_begin':
        return begin('tool', { type: 'tool_use', id: delta.id, name: delta.name, input: {} });
      case 'tool_input':
        return say({ type: 'input_json_delta', partial_json: delta.json });
      case 'tokens':
        tokens = delta.tokens;
        return '';
      case 'stop':
        stop = delta.stop;
        return '';
      case 'end': {
        const end = { delta: { stop_reason: names[stop], stop_sequence: null }, usage: writeTokens(tokens) };
        return close() + send('message_delta', end) + send('message_stop');
      }
    }
  };
}
