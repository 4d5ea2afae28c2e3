import {
  asList,
  asObject,
  asText,
  type Conversation,
  dataUrl,
  isObject,
  type Json,
  numberIn,
  onlyKnown,
  type Part,
  parseInput,
  type Tool,
  type Turn,
  untranslatable,
} from '../conversation.ts';

const known = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'stop',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'seed',
  'user',
  'n',
]);
const knownInMessage = new Set([
  'role',
  'content',
  'name',
  'tool_calls',
  'tool_call_id',
  'refusal',
  'annotations',
]);

export function readOpenaiRequest(body: Json): Conversation {
  onlyKnown(body, known);
  if (body['n'] !== undefined && body['n'] !== null && body['n'] !== 1) throw untranslatable('n');
  const system: string[] = [];
  const turns: Turn[] = [];
  for (const [index, value] of asList(body['messages']).entries()) {
    const message = asObject(value);
    const path = `messages[${index}].`;
    onlyKnown(message, knownInMessage, path);
    const role = message['role'];
    if (role === 'system' || role === 'developer') {
      if (turns.length > 0) throw untranslatable(`${path}role`, 'stands behind other messages');
      system.push(textOf(message['content'], path));
    } else if (role === 'user') turns.push({ role, parts: partsOf(message['content'], path) });
    else if (role === 'assistant') turns.push({ role, parts: assistantParts(message, path) });
    else if (role === 'tool') {
      const id = asText(message['tool_call_id']);
      turns.push({
        role: 'user',
        parts: [{ kind: 'tool_result', id, text: textOf(message['content'], path) }],
      });
    } else throw untranslatable(`${path}role`);
  }
  const stop = body['stop'];
  return {
    system,
    turns,
    tools: asList(body['tools']).map(readTool),
    ...readToolChoice(body['tool_choice']),
    ...(typeof body['parallel_tool_calls'] === 'boolean' && {
      parallelToolCalls: body['parallel_tool_calls'],
    }),
    ...numberIn('maxOutputTokens', body['max_completion_tokens'] ?? body['max_tokens']),
    ...numberIn('temperature', body['temperature']),
    ...numberIn('topP', body['top_p']),
    ...numberIn('seed', body['seed']),
    ...(typeof stop === 'string' && { stop: [stop] }),
    ...(Array.isArray(stop) && { stop: stop as string[] }),
    ...readFormat(body['response_format']),
    ...(typeof body['user'] === 'string' && { user: body['user'] }),
  };
}

function textOf(content: unknown, path: string): string {
  if (typeof content === 'string') return content;
  return asList(content)
    .map((value) => {
      const part = asObject(value);
      if (part['type'] !== 'text') throw untranslatable(`${path}content.${asText(part['type'])}`);
      return asText(part['text']);
    })
    .join('');
}

function partsOf(content: unknown, path: string): readonly Part[] {
  if (typeof content === 'string') return [{ kind: 'text', text: content }];
  return asList(content).map((value): Part => {
    const part = asObject(value);
    if (part['type'] === 'text') return { kind: 'text', text: asText(part['text']) };
    if (part['type'] !== 'image_url') throw untranslatable(`${path}content.${asText(part['type'])}`);
    const url = asText(asObject(part['image_url'])['url']);
    const inline = dataUrl(url);
    return inline === undefined ? { kind: 'image_url', url } : { kind: 'image', ...inline };
  });
}

function assistantParts(message: Json, path: string): readonly Part[] {
  const text = textOf(message['content'], path);
  const calls = asList(message['tool_calls']).map((value): Part => {
    const call = asObject(value);
    if (call['type'] !== 'function') throw untranslatable(`${path}tool_calls.${asText(call['type'])}`);
    const made = asObject(call['function']);
    const input = parseInput(asText(made['arguments']));
    return { kind: 'tool_call', id: asText(call['id']), name: asText(made['name']), input };
  });
  return text === '' ? calls : [{ kind: 'text', text }, ...calls];
}

function readTool(value: unknown): Tool {
  const tool = asObject(value);
  if (tool['type'] !== 'function') throw untranslatable(`tools.${asText(tool['type'])}`);
  const made = asObject(tool['function']);
  return {
    name: asText(made['name']),
    schema: isObject(made['parameters']) ? made['parameters'] : { type: 'object', properties: {} },
    ...(typeof made['description'] === 'string' && { description: made['description'] }),
  };
}

function readToolChoice(choice: unknown): Pick<Conversation, 'toolChoice'> {
  if (choice === undefined || choice === null) return {};
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { toolChoice: choice };
  const { type, function: made } = asObject(choice);
  if (type !== 'function') throw untranslatable('tool_choice');
  return { toolChoice: { name: asText(asObject(made)['name']) } };
}

function readFormat(value: unknown): Pick<Conversation, 'json'> {
  const { type, json_schema: described } = asObject(value);
  if (type === 'json_object') return { json: 'object' };
  if (type !== 'json_schema') return {};
  const { name, schema } = asObject(described);
  return { json: { name: asText(name), schema: asObject(schema) } };
}

export function writeOpenaiRequest(
  conversation: Conversation,
  { model, stream }: { readonly model: string; readonly stream: boolean },
): Json {
  if (conversation.topK !== undefined) throw untranslatable('top_k');
  const { tools, toolChoice, json } = conversation;
  return {
    model,
    messages: [
      ...conversation.system.map((content) => ({ role: 'system', content })),
      ...conversation.turns.flatMap(writeTurn),
    ],
    ...(stream && { stream: true, stream_options: { include_usage: true } }),
    ...(conversation.maxOutputTokens !== undefined && {
      max_completion_tokens: conversation.maxOutputTokens,
    }),
    ...numberIn('temperature', conversation.temperature),
    ...numberIn('top_p', conversation.topP),
    ...numberIn('seed', conversation.seed),
    ...(conversation.stop !== undefined && { stop: conversation.stop }),
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, schema }) => ({
        type: 'function',
        function: { name, ...(description !== undefined && { description }), parameters: schema },
      })),
    }),
    ...(toolChoice !== undefined && {
      tool_choice:
        typeof toolChoice === 'string'
          ? toolChoice
          : { type: 'function', function: { name: toolChoice.name } },
    }),
    ...(conversation.parallelToolCalls !== undefined && {
      parallel_tool_calls: conversation.parallelToolCalls,
    }),
    ...(json !== undefined && {
      response_format:
        json === 'object'
          ? { type: 'json_object' }
          : { type: 'json_schema', json_schema: { ...json, strict: true } },
    }),
    ...(conversation.user !== undefined && { user: conversation.user }),
  };
}

function writeTurn({ role, parts }: Turn): readonly Json[] {
  const results = parts.flatMap((part) =>
    part.kind === 'tool_result' ? [{ role: 'tool', tool_call_id: part.id, content: part.text }] : [],
  );
  const calls = parts.flatMap((part) => (part.kind === 'tool_call' ? [writeToolCall(part)] : []));
  const content = parts.flatMap((part): Json[] => {
    if (part.kind === 'text') return [{ type: 'text', text: part.text }];
    if (part.kind === 'image_url') return [{ type: 'image_url', image_url: { url: part.url } }];
    if (part.kind !== 'image') return [];
    return [{ type: 'image_url', image_url: { url: `data:${part.mediaType};base64,${part.base64}` } }];
  });
  if (role === 'assistant') {
    const text = content.map((part) => asText(part['text'])).join('');
    return [{ role, content: text === '' ? null : text, ...(calls.length > 0 && { tool_calls: calls }) }];
  }
  const [only] = content;
  const plain = content.length === 1 && only?.['type'] === 'text' ? only['text'] : content;
  return content.length === 0 ? results : [...results, { role, content: plain }];
}

export function writeToolCall({ id, name, input }: Extract<Part, { kind: 'tool_call' }>): Json {
  return { id, type: 'function', function: { name, arguments: JSON.stringify(input) } };
}
