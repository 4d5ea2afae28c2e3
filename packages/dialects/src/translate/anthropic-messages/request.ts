import {
  asList,
  asObject,
  asText,
  type Conversation,
  isObject,
  type Json,
  numberIn,
  onlyKnown,
  type Part,
  type Tool,
  type Turn,
  untranslatable,
} from '../conversation.ts';

const known = new Set([
  'model',
  'messages',
  'system',
  'max_tokens',
  'stream',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'tools',
  'tool_choice',
  'metadata',
]);

/** What the other formats do not ask for, and this one does. */
const defaultMaxTokens = 4096;

export function readAnthropicRequest(body: Json): Conversation {
  onlyKnown(body, known);
  const metadata = asObject(body['metadata']);
  onlyKnown(metadata, new Set(['user_id']), 'metadata.');
  return {
    system: typeof body['system'] === 'string' ? [body['system']] : asList(body['system']).map(textBlock),
    turns: asList(body['messages']).map(readTurn),
    tools: asList(body['tools']).map(readTool),
    ...readToolChoice(body['tool_choice']),
    ...numberIn('maxOutputTokens', body['max_tokens']),
    ...numberIn('temperature', body['temperature']),
    ...numberIn('topP', body['top_p']),
    ...numberIn('topK', body['top_k']),
    ...(Array.isArray(body['stop_sequences']) && { stop: body['stop_sequences'] as string[] }),
    ...(typeof metadata['user_id'] === 'string' && { user: metadata['user_id'] }),
  };
}

/** A mark where a cache may begin is a wish about cost, not part of what is said. */
function textBlock(value: unknown): string {
  const block = asObject(value);
  onlyKnown(block, new Set(['type', 'text', 'cache_control']), 'system.');
  return asText(block['text']);
}

function readTurn(value: unknown, index: number): Turn {
  const message = asObject(value);
  const { role, content } = message;
  const path = `messages[${index}].`;
  onlyKnown(message, new Set(['role', 'content']), path);
  if (role !== 'user' && role !== 'assistant') throw untranslatable(`${path}role`);
  if (typeof content === 'string') return { role, parts: [{ kind: 'text', text: content }] };
  return { role, parts: asList(content).map((block) => readBlock(asObject(block), path)) };
}

function readBlock(block: Json, path: string): Part {
  switch (block['type']) {
    case 'text':
      return { kind: 'text', text: asText(block['text']) };
    case 'image': {
      const { type, media_type: mediaType, data, url } = asObject(block['source']);
      if (type === 'base64') return { kind: 'image', mediaType: asText(mediaType), base64: asText(data) };
      if (type === 'url') return { kind: 'image_url', url: asText(url) };
      throw untranslatable(`${path}content.image.${asText(type)}`);
    }
    case 'tool_use':
      return {
        kind: 'tool_call',
        id: asText(block['id']),
        name: asText(block['name']),
        input: asObject(block['input']),
      };
    case 'tool_result': {
      const { content } = block;
      const text =
        typeof content === 'string'
          ? content
          : asList(content)
              .map((one) => resultText(one, path))
              .join('');
      const failed = block['is_error'] === true ? { isError: true } : {};
      return { kind: 'tool_result', id: asText(block['tool_use_id']), text, ...failed };
    }
    default:
      throw untranslatable(`${path}content.${asText(block['type'])}`);
  }
}

function resultText(value: unknown, path: string): string {
  const block = asObject(value);
  if (block['type'] !== 'text') throw untranslatable(`${path}content.tool_result.${asText(block['type'])}`);
  return asText(block['text']);
}

function readTool(value: unknown): Tool {
  const tool = asObject(value);
  if (tool['type'] !== undefined && tool['type'] !== 'custom')
    throw untranslatable(`tools.${asText(tool['type'])}`);
  return {
    name: asText(tool['name']),
    schema: isObject(tool['input_schema']) ? tool['input_schema'] : { type: 'object', properties: {} },
    ...(typeof tool['description'] === 'string' && { description: tool['description'] }),
  };
}

function readToolChoice(value: unknown): Pick<Conversation, 'toolChoice' | 'parallelToolCalls'> {
  if (!isObject(value)) return {};
  const { type, name, disable_parallel_tool_use: disabled } = value;
  const parallel = typeof disabled === 'boolean' ? { parallelToolCalls: !disabled } : {};
  if (type === 'tool') return { toolChoice: { name: asText(name) }, ...parallel };
  if (type === 'any') return { toolChoice: 'required', ...parallel };
  if (type === 'auto' || type === 'none') return { toolChoice: type, ...parallel };
  throw untranslatable('tool_choice');
}

export function writeAnthropicRequest(
  conversation: Conversation,
  { model, stream }: { readonly model: string; readonly stream: boolean },
): Json {
  const { tools, temperature, toolChoice, parallelToolCalls } = conversation;
  if (conversation.json !== undefined) throw untranslatable('response_format');
  if (conversation.seed !== undefined) throw untranslatable('seed');
  if (temperature !== undefined && temperature > 1) throw untranslatable('temperature', 'is above 1');
  return {
    model,
    max_tokens: conversation.maxOutputTokens ?? defaultMaxTokens,
    messages: mergeTurns(conversation.turns).map(({ role, parts }) => ({
      role,
      content: parts.map(writeBlock),
    })),
    ...(conversation.system.length > 0 && { system: conversation.system.join('\n\n') }),
    ...(stream && { stream: true }),
    ...numberIn('temperature', temperature),
    ...numberIn('top_p', conversation.topP),
    ...numberIn('top_k', conversation.topK),
    ...(conversation.stop !== undefined && { stop_sequences: conversation.stop }),
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, schema }) => ({
        name,
        ...(description !== undefined && { description }),
        input_schema: schema,
      })),
    }),
    ...writeToolChoice(toolChoice, tools.length > 0 ? parallelToolCalls : undefined),
    ...(conversation.user !== undefined && { metadata: { user_id: conversation.user } }),
  };
}

/** Several results of tools, which other formats send one by one, belong into one turn here. */
export function mergeTurns(turns: readonly Turn[]): readonly Turn[] {
  const merged: Turn[] = [];
  for (const turn of turns) {
    const before = merged.at(-1);
    if (before?.role !== turn.role) merged.push(turn);
    else merged[merged.length - 1] = { role: turn.role, parts: [...before.parts, ...turn.parts] };
  }
  return merged;
}

function writeBlock(part: Part): Json {
  switch (part.kind) {
    case 'text':
      return { type: 'text', text: part.text };
    case 'image':
      return { type: 'image', source: { type: 'base64', media_type: part.mediaType, data: part.base64 } };
    case 'image_url':
      return { type: 'image', source: { type: 'url', url: part.url } };
    case 'tool_call':
      return { type: 'tool_use', id: part.id, name: part.name, input: part.input };
    case 'tool_result':
      return {
        type: 'tool_result',
        tool_use_id: part.id,
        content: part.text,
        ...(part.isError && { is_error: true }),
      };
  }
}

function writeToolChoice(choice: Conversation['toolChoice'], parallel: boolean | undefined): Json {
  if (choice === undefined && parallel !== false) return {};
  const disabled = parallel === false ? { disable_parallel_tool_use: true } : {};
  if (typeof choice === 'object') return { tool_choice: { type: 'tool', name: choice.name, ...disabled } };
  if (choice === 'none') return { tool_choice: { type: 'none' } };
  return { tool_choice: { type: choice === 'required' ? 'any' : 'auto', ...disabled } };
}
