import { mergeTurns } from '../anthropic-messages/request.ts';
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
  parseInput,
  type Tool,
  type Turn,
  untranslatable,
} from '../conversation.ts';

const known = new Set(['contents', 'systemInstruction', 'tools', 'toolConfig', 'generationConfig', 'model']);
const knownInConfig = new Set([
  'maxOutputTokens',
  'temperature',
  'topP',
  'topK',
  'stopSequences',
  'responseMimeType',
  'responseJsonSchema',
  'seed',
  'candidateCount',
]);

export function readGeminiRequest(body: Json): Conversation {
  onlyKnown(body, known);
  const config = asObject(body['generationConfig']);
  onlyKnown(config, knownInConfig, 'generationConfig.');
  const { candidateCount, responseMimeType, responseJsonSchema, stopSequences } = config;
  if (candidateCount !== undefined && candidateCount !== 1)
    throw untranslatable('generationConfig.candidateCount');
  const ids = createIds();
  const system = asList(asObject(body['systemInstruction'])['parts']).map((part) =>
    asText(asObject(part)['text']),
  );
  return {
    system: system.length === 0 ? [] : [system.join('')],
    turns: asList(body['contents']).map((turn, index) =>
      readTurn(asObject(turn), `contents[${index}].`, ids),
    ),
    tools: asList(body['tools']).flatMap((tool) => readTools(asObject(tool))),
    ...readToolChoice(asObject(asObject(body['toolConfig'])['functionCallingConfig'])),
    ...numberIn('maxOutputTokens', config['maxOutputTokens']),
    ...numberIn('temperature', config['temperature']),
    ...numberIn('topP', config['topP']),
    ...numberIn('topK', config['topK']),
    ...numberIn('seed', config['seed']),
    ...(Array.isArray(stopSequences) && { stop: stopSequences as string[] }),
    ...(responseMimeType === 'application/json' && {
      json: isObject(responseJsonSchema)
        ? { name: 'answer', schema: responseJsonSchema }
        : ('object' as const),
    }),
  };
}

/** Calls of tools have no ids here unless somebody gave them: a result belongs to the oldest open call of its name. */
function createIds() {
  const open = new Map<string, string[]>();
  let made = 0;
  return {
    call: (name: string, given: unknown): string => {
      made += 1;
      const id = asText(given) || `call_${made}`;
      open.set(name, [...(open.get(name) ?? []), id]);
      return id;
    },
    result: (name: string, given: unknown): string =>
      asText(given) || (open.get(name)?.shift() ?? `call_${name}`),
  };
}

function readTurn(turn: Json, path: string, ids: ReturnType<typeof createIds>): Turn {
  const role = turn['role'] === 'model' ? 'assistant' : 'user';
  const parts = asList(turn['parts']).map((value): Part => {
    const part = asObject(value);
    if (typeof part['text'] === 'string') return { kind: 'text', text: part['text'] };
    if (isObject(part['inlineData'])) {
      const { mimeType, data } = part['inlineData'];
      if (!asText(mimeType).startsWith('image/'))
        throw untranslatable(`${path}inlineData.${asText(mimeType)}`);
      return { kind: 'image', mediaType: asText(mimeType), base64: asText(data) };
    }
    if (isObject(part['functionCall'])) {
      const { name, args, id } = part['functionCall'];
      return { kind: 'tool_call', id: ids.call(asText(name), id), name: asText(name), input: asObject(args) };
    }
    if (isObject(part['functionResponse'])) {
      const { name, response, id } = part['functionResponse'];
      return { kind: 'tool_result', id: ids.result(asText(name), id), text: JSON.stringify(response ?? {}) };
    }
    throw untranslatable(`${path}parts.${Object.keys(part)[0] ?? 'empty'}`);
  });
  return { role, parts };
}

function readTools(tool: Json): readonly Tool[] {
  onlyKnown(tool, new Set(['functionDeclarations']), 'tools.');
  return asList(tool['functionDeclarations']).map((value) => {
    const { name, description, parametersJsonSchema, parameters } = asObject(value);
    const schema = parametersJsonSchema ?? lowerCaseTypes(parameters);
    return {
      name: asText(name),
      schema: isObject(schema) ? schema : { type: 'object', properties: {} },
      ...(typeof description === 'string' && { description }),
    };
  });
}

/** The older way to describe parameters writes its types in capitals: `OBJECT`. */
function lowerCaseTypes(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(lowerCaseTypes);
  if (!isObject(schema)) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [
      name,
      name === 'type' && typeof value === 'string' ? value.toLowerCase() : lowerCaseTypes(value),
    ]),
  );
}

function readToolChoice({ mode, allowedFunctionNames }: Json): Pick<Conversation, 'toolChoice'> {
  const names = asList(allowedFunctionNames);
  if (names.length > 1) throw untranslatable('toolConfig.functionCallingConfig.allowedFunctionNames');
  if (mode === 'ANY') return { toolChoice: names.length === 1 ? { name: asText(names[0]) } : 'required' };
  if (mode === 'NONE') return { toolChoice: 'none' };
  return mode === 'AUTO' ? { toolChoice: 'auto' } : {};
}

export function writeGeminiRequest(conversation: Conversation): Json {
  const { system, tools, json, toolChoice } = conversation;
  if (conversation.parallelToolCalls === false) throw untranslatable('parallel_tool_calls');
  if (conversation.user !== undefined) throw untranslatable('user');
  const names = new Map(
    conversation.turns.flatMap(({ parts }) =>
      parts.flatMap((part) => (part.kind === 'tool_call' ? [[part.id, part.name] as const] : [])),
    ),
  );
  const config = {
    ...numberIn('maxOutputTokens', conversation.maxOutputTokens),
    ...numberIn('temperature', conversation.temperature),
    ...numberIn('topP', conversation.topP),
    ...numberIn('topK', conversation.topK),
    ...numberIn('seed', conversation.seed),
    ...(conversation.stop !== undefined && { stopSequences: conversation.stop }),
    ...(json !== undefined && { responseMimeType: 'application/json' }),
    ...(typeof json === 'object' && { responseJsonSchema: json.schema }),
  };
  return {
    contents: mergeTurns(conversation.turns).map(({ role, parts }) => ({
      role: role === 'assistant' ? 'model' : 'user',
      parts: parts.map((part) => writePart(part, names)),
    })),
    ...(system.length > 0 && { systemInstruction: { parts: system.map((text) => ({ text })) } }),
    ...(tools.length > 0 && {
      tools: [
        {
          functionDeclarations: tools.map(({ name, description, schema }) => ({
            name,
            ...(description !== undefined && { description }),
            parametersJsonSchema: schema,
          })),
        },
      ],
    }),
    ...(toolChoice !== undefined && { toolConfig: { functionCallingConfig: writeToolChoice(toolChoice) } }),
    ...(Object.keys(config).length > 0 && { generationConfig: config }),
  };
}

function writePart(part: Part, names: ReadonlyMap<string, string>): Json {
  switch (part.kind) {
    case 'text':
      return { text: part.text };
    case 'image':
      return { inlineData: { mimeType: part.mediaType, data: part.base64 } };
    case 'image_url':
      throw untranslatable('image_url', 'is a link, and only images in the request itself can be passed on');
    case 'tool_call':
      return { functionCall: { name: part.name, args: part.input } };
    case 'tool_result': {
      const name = names.get(part.id);
      if (name === undefined) throw untranslatable('tool_call_id', 'belongs to no call of this conversation');
      return { functionResponse: { name, response: resultOf(part) } };
    }
  }
}

/** A result is an object here; anything else is put into one. */
function resultOf({ text, isError }: Extract<Part, { kind: 'tool_result' }>): Json {
  const parsed = parseInput(text);
  const whole = Object.keys(parsed).length > 0 ? parsed : { result: text };
  return isError ? { error: whole } : whole;
}

function writeToolChoice(choice: NonNullable<Conversation['toolChoice']>): Json {
  if (typeof choice === 'object') return { mode: 'ANY', allowedFunctionNames: [choice.name] };
  return { mode: { auto: 'AUTO', none: 'NONE', required: 'ANY' }[choice] };
}
