import {
  type Answer,
  asCount,
  asList,
  asObject,
  asText,
  type Delta,
  isObject,
  type Json,
  parseInput,
  type Stop,
  type TokenCounts,
  type ToolCall,
} from '../conversation.ts';

const reasons: Readonly<Record<string, Stop>> = {
  STOP: 'end',
  MAX_TOKENS: 'length',
  SAFETY: 'filtered',
  RECITATION: 'filtered',
  BLOCKLIST: 'filtered',
  PROHIBITED_CONTENT: 'filtered',
  SPII: 'filtered',
};
const names: Readonly<Record<Stop, string>> = {
  end: 'STOP',
  length: 'MAX_TOKENS',
  tool_calls: 'STOP',
  filtered: 'SAFETY',
};

/** Here thoughts are counted beside the output, not in it. */
function readTokens(usage: Json): TokenCounts {
  const reasoning = asCount(usage['thoughtsTokenCount']);
  return {
    input: asCount(usage['promptTokenCount']) + asCount(usage['toolUsePromptTokenCount']),
    output: asCount(usage['candidatesTokenCount']) + reasoning,
    cacheRead: asCount(usage['cachedContentTokenCount']),
    reasoning,
  };
}

function writeTokens({ input, output, cacheRead = 0, reasoning = 0 }: TokenCounts): Json {
  return {
    promptTokenCount: input,
    candidatesTokenCount: output - reasoning,
    totalTokenCount: input + output,
    ...(cacheRead > 0 && { cachedContentTokenCount: cacheRead }),
    ...(reasoning > 0 && { thoughtsTokenCount: reasoning }),
  };
}

interface Said {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly stop: Stop | undefined;
}

/** @param before - calls of tools that were made already, so that ids differ */
function readSaid(body: Json, before: number): Said {
  const candidate = asObject(asList(body['candidates'])[0]);
  let text = '';
  const toolCalls: ToolCall[] = [];
  for (const value of asList(asObject(candidate['content'])['parts'])) {
    const part = asObject(value);
    if (part['thought'] === true) continue;
    text += asText(part['text']);
    if (!isObject(part['functionCall'])) continue;
    const { name, args, id } = part['functionCall'];
    const callId = asText(id) || `call_${before + toolCalls.length + 1}`;
    toolCalls.push({ kind: 'tool_call', id: callId, name: asText(name), input: asObject(args) });
  }
  const blocked = asText(asObject(body['promptFeedback'])['blockReason']) !== '';
  const reason = reasons[asText(candidate['finishReason'])];
  const stop = blocked
    ? 'filtered'
    : reason === 'end' && before + toolCalls.length > 0
      ? 'tool_calls'
      : reason;
  return { text, toolCalls, stop };
}

export function readGeminiAnswer(body: Json): Answer {
  const said = readSaid(body, 0);
  const usage = body['usageMetadata'];
  return {
    id: asText(body['responseId']),
    model: asText(body['modelVersion']),
    text: said.text,
    toolCalls: said.toolCalls,
    stop: said.stop ?? 'end',
    ...(usage !== undefined && { tokens: readTokens(asObject(usage)) }),
  };
}

export function writeGeminiAnswer({ id, model, text, toolCalls, stop, tokens }: Answer): Json {
  const parts = [...(text === '' ? [] : [{ text }]), ...toolCalls.map(callPart)];
  return {
    candidates: [{ content: { role: 'model', parts }, finishReason: names[stop], index: 0 }],
    ...(tokens !== undefined && { usageMetadata: writeTokens(tokens) }),
    modelVersion: model,
    responseId: id,
  };
}

function callPart({ id, name, input }: Omit<ToolCall, 'kind'>): Json {
  return { functionCall: { id, name, args: input } };
}

export function createGeminiReader(): (event: Json) => readonly Delta[] {
  let started = false;
  let calls = 0;
  return (event) => {
    const deltas: Delta[] = [];
    if (!started) {
      started = true;
      deltas.push({ kind: 'start', id: asText(event['responseId']), model: asText(event['modelVersion']) });
    }
    const { text, toolCalls, stop } = readSaid(event, calls);
    if (text !== '') deltas.push({ kind: 'text', text });
    for (const { id, name, input } of toolCalls) {
      deltas.push({ kind: 'tool_begin', index: calls, id, name });
      deltas.push({ kind: 'tool_input', index: calls, json: JSON.stringify(input) });
      calls += 1;
    }
    if (event['usageMetadata'] !== undefined) {
      deltas.push({ kind: 'tokens', tokens: readTokens(asObject(event['usageMetadata'])) });
    }
    if (stop !== undefined) deltas.push({ kind: 'stop', stop });
    return deltas;
  };
}

export function createGeminiWriter(): (delta: Delta) => string {
  let head: Json = {};
  let call: { readonly id: string; readonly name: string; json: string } | undefined;
  let stop: Stop = 'end';
  let tokens: TokenCounts | undefined;
  const send = (parts: readonly Json[], more: Json = {}, top: Json = {}): string =>
    `data: ${JSON.stringify({ candidates: [{ content: { role: 'model', parts }, ...more, index: 0 }], ...top, ...head })}\n\n`;
  /** A call is sent whole, once its input is. */
  const finishCall = (): string => {
    if (call === undefined) return '';
    const { id, name, json } = call;
    call = undefined;
    return send([callPart({ id, name, input: parseInput(json) })]);
  };
  return (delta) => {
    switch (delta.kind) {
      case 'start':
        head = { modelVersion: delta.model, responseId: delta.id };
        return '';
      case 'text':
        return finishCall() + send([{ text: delta.text }]);
      case 'tool_begin': {
        const before = finishCall();
        call = { id: delta.id, name: delta.name, json: '' };
        return before;
      }
      case 'tool_input':
        if (call !== undefined) call.json += delta.json;
        return '';
      case 'tokens':
        tokens = delta.tokens;
        return '';
      case 'stop':
        stop = delta.stop;
        return '';
      case 'end': {
        const usage = tokens === undefined ? {} : { usageMetadata: writeTokens(tokens) };
        return finishCall() + send([], { finishReason: names[stop] }, usage);
      }
    }
  };
}
