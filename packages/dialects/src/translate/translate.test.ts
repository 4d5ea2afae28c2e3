import type { Dialect } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '../anthropic-messages/index.ts';
import { gemini } from '../gemini/index.ts';
import { openaiChat } from '../openai-chat/index.ts';
import { openaiEmbeddings } from '../openai-embeddings/index.ts';
import { type Translation, translate } from './index.ts';

const dialects = { openai: openaiChat, anthropic: anthropicMessages, gemini } as const;
type Name = keyof typeof dialects;
const pairs = (Object.keys(dialects) as Name[]).flatMap((caller) =>
  (Object.keys(dialects) as Name[])
    .filter((provider) => provider !== caller)
    .map((provider) => [caller, provider] as const),
);

const between = (caller: Dialect, provider: Dialect): Translation =>
  translate(caller, provider) as Translation;
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const json = (value: Uint8Array): Record<string, unknown> => JSON.parse(Buffer.from(value).toString());

const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };

/** One conversation with everything in it that all three can say. */
const requests: Readonly<Record<Name, unknown>> = {
  openai: {
    model: 'm',
    messages: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Weather here?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } },
        ],
      },
      {
        role: 'assistant',
        content: 'I look.',
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bonn"}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: '{"degrees":7}' },
    ],
    max_completion_tokens: 50,
    temperature: 0.5,
    top_p: 0.9,
    stop: ['END'],
    tools: [{ type: 'function', function: { name: 'weather', description: 'Tells it', parameters: schema } }],
    tool_choice: 'required',
  },
  anthropic: {
    model: 'm',
    max_tokens: 50,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Weather here?' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'I look.' },
          { type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Bonn' } },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: '{"degrees":7}' }] },
    ],
    system: 'Be brief.',
    temperature: 0.5,
    top_p: 0.9,
    stop_sequences: ['END'],
    tools: [{ name: 'weather', description: 'Tells it', input_schema: schema }],
    tool_choice: { type: 'any' },
  },
  gemini: {
    contents: [
      {
        role: 'user',
        parts: [{ text: 'Weather here?' }, { inlineData: { mimeType: 'image/png', data: 'aGk=' } }],
      },
      {
        role: 'model',
        parts: [{ text: 'I look.' }, { functionCall: { name: 'weather', args: { city: 'Bonn' } } }],
      },
      { role: 'user', parts: [{ functionResponse: { name: 'weather', response: { degrees: 7 } } }] },
    ],
    systemInstruction: { parts: [{ text: 'Be brief.' }] },
    tools: [
      { functionDeclarations: [{ name: 'weather', description: 'Tells it', parametersJsonSchema: schema }] },
    ],
    toolConfig: { functionCallingConfig: { mode: 'ANY' } },
    generationConfig: { maxOutputTokens: 50, temperature: 0.5, topP: 0.9, stopSequences: ['END'] },
  },
};

const answers: Readonly<Record<Name, unknown>> = {
  openai: {
    id: 'a1',
    object: 'chat.completion',
    created: 0,
    model: 'm-1',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: 'Let me see.',
          refusal: null,
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bonn"}' } },
          ],
        },
        logprobs: null,
        finish_reason: 'tool_calls',
      },
    ],
    usage: {
      prompt_tokens: 100,
      completion_tokens: 20,
      total_tokens: 120,
      prompt_tokens_details: { cached_tokens: 40 },
      completion_tokens_details: { reasoning_tokens: 0 },
    },
  },
  anthropic: {
    id: 'a1',
    type: 'message',
    role: 'assistant',
    model: 'm-1',
    content: [
      { type: 'text', text: 'Let me see.' },
      { type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Bonn' } },
    ],
    stop_reason: 'tool_use',
    stop_sequence: null,
    usage: {
      input_tokens: 60,
      output_tokens: 20,
      cache_read_input_tokens: 40,
      cache_creation_input_tokens: 0,
    },
  },
  gemini: {
    candidates: [
      {
        content: {
          role: 'model',
          parts: [
            { text: 'Let me see.' },
            { functionCall: { id: 'call_1', name: 'weather', args: { city: 'Bonn' } } },
          ],
        },
        finishReason: 'STOP',
        index: 0,
      },
    ],
    usageMetadata: {
      promptTokenCount: 100,
      candidatesTokenCount: 20,
      totalTokenCount: 120,
      cachedContentTokenCount: 40,
    },
    modelVersion: 'm-1',
    responseId: 'a1',
  },
};

const event = (data: unknown, type?: string): string =>
  `${type === undefined ? '' : `event: ${type}\n`}data: ${JSON.stringify(data)}\n\n`;
const openaiChunk = (choices: unknown[], usage: unknown = null): string =>
  event({ id: 'a1', object: 'chat.completion.chunk', created: 0, model: 'm-1', choices, usage });
const delta = (said: unknown, reason: string | null = null) =>
  openaiChunk([{ index: 0, delta: said, logprobs: null, finish_reason: reason }]);
const anthropicEvent = (type: string, more: object = {}) => event({ type, ...more }, type);

const streams: Readonly<Record<Name, string>> = {
  openai: [
    delta({ role: 'assistant', content: '' }),
    delta({ content: 'Let me ' }),
    delta({ content: 'see.' }),
    delta({
      tool_calls: [
        { index: 0, id: 'call_1', type: 'function', function: { name: 'weather', arguments: '' } },
      ],
    }),
    delta({ tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] }),
    delta({ tool_calls: [{ index: 0, function: { arguments: '"Bonn"}' } }] }),
    delta({}, 'tool_calls'),
    openaiChunk([], (answers.openai as { usage: unknown }).usage),
    'data: [DONE]\n\n',
  ].join(''),
  anthropic: [
    anthropicEvent('message_start', {
      message: {
        id: 'a1',
        type: 'message',
        role: 'assistant',
        model: 'm-1',
        content: [],
        usage: { input_tokens: 60, cache_read_input_tokens: 40, output_tokens: 1 },
      },
    }),
    ': ping\n\n',
    anthropicEvent('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    anthropicEvent('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Let me see.' } }),
    anthropicEvent('content_block_stop', { index: 0 }),
    anthropicEvent('content_block_start', {
      index: 1,
      content_block: { type: 'tool_use', id: 'call_1', name: 'weather', input: {} },
    }),
    anthropicEvent('content_block_delta', {
      index: 1,
      delta: { type: 'input_json_delta', partial_json: '{"city":"Bonn"}' },
    }),
    anthropicEvent('content_block_stop', { index: 1 }),
    anthropicEvent('message_delta', {
      delta: { stop_reason: 'tool_use', stop_sequence: null },
      usage: { output_tokens: 20 },
    }),
    anthropicEvent('message_stop'),
  ].join(''),
  gemini: [
    event({
      candidates: [{ content: { role: 'model', parts: [{ text: 'Let me ' }] }, index: 0 }],
      modelVersion: 'm-1',
      responseId: 'a1',
    }),
    event({
      candidates: [{ content: { role: 'model', parts: [{ text: 'see.' }] }, index: 0 }],
      modelVersion: 'm-1',
      responseId: 'a1',
    }),
    event({
      candidates: [
        {
          content: {
            role: 'model',
            parts: [{ functionCall: { id: 'call_1', name: 'weather', args: { city: 'Bonn' } } }],
          },
          finishReason: 'STOP',
          index: 0,
        },
      ],
      usageMetadata: (answers.gemini as { usageMetadata: unknown }).usageMetadata,
      modelVersion: 'm-1',
      responseId: 'a1',
    }),
  ].join(''),
};

/** What a stream says, read with the reader of its own format and put together again. */
function whole(provider: Name, stream: string, caller: Name, cutAt: number): unknown {
  const translator = between(dialects[caller], dialects[provider]).stream({ usage: true });
  const all = Buffer.from(stream);
  const out: Uint8Array[] = [];
  for (let at = 0; at < all.length; at += cutAt) out.push(...translator.push(all.subarray(at, at + cutAt)));
  out.push(...translator.flush());
  return Buffer.concat(out).toString();
}

describe('translate', () => {
  it.each(pairs)('says a whole conversation of %s in the words of %s', (caller, provider) => {
    const written = json(
      between(dialects[caller], dialects[provider]).request(bytes(requests[caller]), {
        model: 'm',
        stream: false,
      }),
    );
    expect(written).toEqual(requests[provider]);
  });

  it.each(pairs)('gives a caller of %s the answer of %s', (caller, provider) => {
    const translated = json(between(dialects[caller], dialects[provider]).answer(bytes(answers[provider])));
    expect(translated).toEqual(answers[caller]);
  });

  it.each(pairs)('gives a caller of %s the stream of %s, wherever it is cut', (caller, provider) => {
    const streamed = whole(provider, streams[provider], caller, 1_000_000);
    for (const cutAt of [1, 7, 64]) expect(whole(provider, streams[provider], caller, cutAt)).toBe(streamed);
    const reader = dialects[caller].createStreamReader({ withholdUsage: false });
    reader.push(Buffer.from(String(streamed)));
    reader.flush();
    expect(reader.facts()).toMatchObject({
      complete: true,
      responseModel: 'm-1',
      usage: dialects[caller].readAnswer(bytes(answers[caller])).usage,
    });
    // And back again: nothing was lost on the way.
    const again = whole(caller, String(streamed), provider, 1_000_000);
    const first = whole(provider, streams[provider], caller, 1_000_000);
    expect(whole(provider, String(again), caller, 1_000_000)).toBe(first);
  });

  it.each(pairs)('leaves a stream for %s without an end when that of %s was cut', (caller, provider) => {
    const cut = streams[provider].slice(0, streams[provider].indexOf('call_1'));
    const reader = dialects[caller].createStreamReader({ withholdUsage: false });
    reader.push(Buffer.from(String(whole(provider, cut, caller, 64))));
    expect(reader.facts().complete).toBe(false);
  });

  it.each(pairs)('tells a caller of %s of an error of %s in their own words', (caller, provider) => {
    const error = dialects[provider].renderError({
      status: 429,
      type: 'rate_limit_error',
      code: 'slow',
      message: 'Slow down',
    });
    const shown = between(dialects[caller], dialects[provider]).error(429, error);
    expect(Buffer.from(shown).toString()).toContain('Slow down');
    expect(Object.keys(json(shown))).toEqual(
      Object.keys(json(dialects[caller].renderError({ status: 429, type: 'x', code: 'x', message: 'x' }))),
    );
  });

  it('turns JSON mode into its counterpart', () => {
    const asked = {
      ...(requests.openai as object),
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } },
    };
    const written = json(between(openaiChat, gemini).request(bytes(asked), { model: 'm', stream: true }));
    expect(written['generationConfig']).toMatchObject({
      responseMimeType: 'application/json',
      responseJsonSchema: schema,
    });
    const back = json(between(gemini, openaiChat).request(bytes(written), { model: 'm', stream: true }));
    expect(back).toMatchObject({
      stream: true,
      stream_options: { include_usage: true },
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } },
    });
  });

  it('caps the output where the line says so', () => {
    const written = between(openaiChat, anthropicMessages).request(bytes(requests.openai), {
      model: 'm',
      stream: false,
      maxOutputTokens: 9,
    });
    expect(json(written)['max_tokens']).toBe(9);
  });

  it.each<[Name, Name, string, unknown]>([
    ['openai', 'anthropic', 'response_format', { response_format: { type: 'json_object' } }],
    ['openai', 'anthropic', 'seed', { seed: 1 }],
    ['openai', 'anthropic', 'temperature', { temperature: 1.5 }],
    ['openai', 'anthropic', 'logprobs', { logprobs: true }],
    ['openai', 'anthropic', 'n', { n: 2 }],
    ['openai', 'gemini', 'parallel_tool_calls', { parallel_tool_calls: false }],
    ['openai', 'gemini', 'user', { user: 'u1' }],
    ['openai', 'gemini', 'logit_bias', { logit_bias: { 50256: -100 } }],
    [
      'openai',
      'gemini',
      'image_url',
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }] },
        ],
      },
    ],
    [
      'openai',
      'gemini',
      'messages[0].content.input_audio',
      { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] },
    ],
    ['anthropic', 'openai', 'thinking', { thinking: { type: 'enabled' } }],
    ['anthropic', 'openai', 'top_k', { top_k: 5 }],
    [
      'anthropic',
      'openai',
      'tools.web_search_20250305',
      { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
    ],
    [
      'anthropic',
      'openai',
      'messages[0].content.document',
      { messages: [{ role: 'user', content: [{ type: 'document' }] }] },
    ],
    ['gemini', 'openai', 'safetySettings', { safetySettings: [{}] }],
    ['gemini', 'openai', 'generationConfig.thinkingConfig', { generationConfig: { thinkingConfig: {} } }],
    ['gemini', 'anthropic', 'tools.googleSearch', { tools: [{ googleSearch: {} }] }],
  ])('from %s to %s refuses "%s" by its name', (caller, provider, parameter, change) => {
    const asked = bytes({ ...(requests[caller] as object), ...(change as object) });
    try {
      between(dialects[caller], dialects[provider]).request(asked, { model: 'm', stream: false });
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'invalid_request', parameter });
      expect((error as Error).message).toContain(`"${parameter}"`);
    }
  });

  it('knows what it cannot do', () => {
    expect(translate(openaiChat, openaiChat)).toBeUndefined();
    expect(translate(openaiEmbeddings, openaiChat)).toBeUndefined();
  });
});
