import {
  type Answer,
  asCount,
  asList,
  asObject,
  asText,
  type Delta,
  type Json,
  parseInput,
  type Stop,
  type TokenCounts,
} from '../conversation.ts';
import { writeToolCall } from './request.ts';

const reasons: Readonly<Record<string, Stop>> = {
  stop: 'end',
  length: 'length',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'filtered',
};
const names: Readonly<Record<Stop, string>> = {
  end: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  filtered: 'content_filter',
};

function readTokens(usage: Json): TokenCounts {
  const input = asObject(usage['prompt_tokens_details']);
  const output = asObject(usage['completion_tokens_details']);
  return {
    input: asCount(usage['prompt_tokens']),
    output: asCount(usage['completion_tokens']),
    cacheRead: asCount(input['cached_tokens']),
    cacheWrite: asCount(input['cache_write_tokens']),
    reasoning: asCount(output['reasoning_tokens']),
  };
}

function writeTokens({ input, output, cacheRead = 0, cacheWrite = 0, reasoning = 0 }: TokenCounts): Json {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: {
      cached_tokens: cacheRead,
      ...(cacheWrite > 0 && { cache_write_tokens: cacheWrite }),
    },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
}

export function readOpenaiAnswer(body: Json): Answer {
  const choice = asObject(asList(body['choices'])[0]);
  const message = asObject(choice['message']);
  return {
    id: asText(body['id']),
    model: asText(body['model']),
    text: asText(message['content']) || asText(message['refusal']),
    toolCalls: asList(message['tool_calls']).map((value) => {
      const call = asObject(value);
      const made = asObject(call['function']);
      const input = parseInput(asText(made['arguments']));
      return { kind: 'tool_call', id: asText(call['id']), name: asText(made['name']), input };
    }),
    stop: reasons[asText(choice['finish_reason'])] ?? 'end',
    ...(body['usage'] !== undefined && { tokens: readTokens(asObject(body['usage'])) }),
  };
}

export function writeOpenaiAnswer({ id, model, text, toolCalls, stop, tokens }: Answer): Json {
  const content = text === '' && toolCalls.length > 0 ? null : text;
  const calls = toolCalls.length > 0 ? { tool_calls: toolCalls.map(writeToolCall) } : {};
  return {
    id,
    object: 'chat.completion',
    created: 0,
    model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal: null, ...calls },
        logprobs: null,
        finish_reason: names[stop],
      },
    ],
    ...(tokens !== undefined && { usage: writeTokens(tokens) }),
  };
}

export function createOpenaiReader(): (event: Json) => readonly Delta[] {
  let started = false;
  const begun = new Set<number>();
  return (event) => {
    const deltas: Delta[] = [];
    if (!started) {
      started = true;
      deltas.push({ kind: 'start', id: asText(event['id']), model: asText(event['model']) });
    }
    const choice = asObject(asList(event['choices'])[0]);
    const delta = asObject(choice['delta']);
    const text = asText(delta['content']) || asText(delta['refusal']);
    if (text !== '') deltas.push({ kind: 'text', text });
    for (const value of asList(delta['tool_calls'])) {
      const call = asObject(value);
      const made = asObject(call['function']);
      const index = asCount(call['index']);
      if (!begun.has(index)) {
        begun.add(index);
        deltas.push({ kind: 'tool_begin', index, id: asText(call['id']), name: asText(made['name']) });
      }
      const json = asText(made['arguments']);
      if (json !== '') deltas.push({ kind: 'tool_input', index, json });
    }
    const stop = reasons[asText(choice['finish_reason'])];
    if (stop !== undefined) deltas.push({ kind: 'stop', stop });
    if (event['usage']) deltas.push({ kind: 'tokens', tokens: readTokens(asObject(event['usage'])) });
    return deltas;
  };
}

export function createOpenaiWriter({ usage }: { readonly usage: boolean }): (delta: Delta) => string {
  let head: Json = {};
  let tokens: TokenCounts | undefined;
  const send = (choices: readonly Json[], more: Json = {}): string =>
    `data: ${JSON.stringify({ ...head, choices, ...(usage && { usage: null }), ...more })}\n\n`;
  const say = (delta: Json, reason: string | null = null): string =>
    send([{ index: 0, delta, logprobs: null, finish_reason: reason }]);
  return (delta) => {
    switch (delta.kind) {
      case 'start':
        head = { id: delta.id, object: 'chat.completion.chunk', created: 0, model: delta.model };
        return say({ role: 'assistant', content: '' });
      case 'text':
        return say({ content: delta.text });
      case 'tool_begin': {
        const { index, id, name } = delta;
        return say({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] });
      }
      case 'tool_input':
        return say({ tool_calls: [{ index: delta.index, function: { arguments: delta.json } }] });
      case 'tokens':
        tokens = delta.tokens;
        return '';
      case 'stop':
        return say({}, names[delta.stop]);
      case 'end':
        return `${usage && tokens !== undefined ? send([], { usage: writeTokens(tokens) }) : ''}data: [DONE]\n\n`;
    }
  };
}
