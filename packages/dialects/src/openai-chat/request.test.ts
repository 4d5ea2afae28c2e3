import type { RequestChanges } from '@genops/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineOpenaiChat, openaiChat } from './index.ts';

const path = '/v1/chat/completions';
const messages = [{ role: 'user', content: 'Hello' }];
const open = (body: unknown, at = path) => openaiChat.openRequest(Buffer.from(JSON.stringify(body)), at);
const openText = (text: string) => openaiChat.openRequest(Buffer.from(text), path);

describe('openRequest', () => {
  it('reads what the line needs to know', () => {
    const body = {
      model: 'gpt-4o',
      messages,
      stream: true,
      n: 2,
      max_completion_tokens: 100,
      service_tier: 'flex',
    };
    const { facts, usageRequested } = open(body);
    expect(facts).toEqual({
      requestModel: 'gpt-4o',
      stream: true,
      choices: 2,
      maxOutputTokens: 100,
      serviceTier: 'flex',
      inputBytes: JSON.stringify(body).length,
    });
    expect(usageRequested).toBe(false);
  });

  it('takes null for not set', () => {
    const { facts } = open({
      model: 'm',
      messages,
      stream: null,
      n: null,
      max_tokens: null,
      stream_options: null,
    });
    expect(facts).toMatchObject({ stream: false, choices: 1 });
    expect(facts.maxOutputTokens).toBeUndefined();
  });

  it('takes the higher of two caps, because providers differ in which they heed', () => {
    expect(
      open({ model: 'm', messages, max_tokens: 500, max_completion_tokens: 10 }).facts.maxOutputTokens,
    ).toBe(500);
  });

  it('knows when the caller asked for usage', () => {
    expect(open({ model: 'm', messages, stream_options: { include_usage: true } }).usageRequested).toBe(true);
    expect(open({ model: 'm', messages, stream_options: { include_usage: false } }).usageRequested).toBe(
      false,
    );
  });

  it('takes the model from the deployment in the path, where the body has no say', () => {
    const azure = '/openai/deployments/gpt%2D4o-eu/chat/completions?api-version=2024-10-21';
    expect(open({ messages }, azure).facts.requestModel).toBe('gpt-4o-eu');
    expect(open({ model: 'cheap', messages }, azure).facts.requestModel).toBe('gpt-4o-eu');
  });

  it('names the models that a gateway may serve instead', () => {
    expect(open({ model: 'a', models: ['b', 'c'], messages }).facts.alternativeModels).toEqual(['b', 'c']);
  });

  it('tells what else the price depends on', () => {
    expect(open({ model: 'm', messages, web_search_options: {} }).facts.options).toEqual({
      searchContextSize: 'medium',
    });
    const search = { web_search_options: { search_context_size: 'high' }, modalities: ['text', 'audio'] };
    expect(open({ model: 'm', messages, ...search }).facts.options).toEqual({
      searchContextSize: 'high',
      outputAudio: true,
    });
  });

  it('counts media parts, and keeps what they consist of out of the text', () => {
    const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(10_000)}` } };
    const audio = { type: 'input_audio', input_audio: { data: 'B'.repeat(10_000), format: 'wav' } };
    const text = { type: 'text', text: 'What is this? {"image_url": 1}' };
    const { facts } = open({
      model: 'm',
      messages: [{ role: 'user', content: [text, image, image, audio] }],
    });
    expect(facts.media).toEqual({ image: 2, audio: 1 });
    expect(facts.inputBytes).toBeLessThan(500);
  });

  it('keeps the bytes of a file in the text, because they may become text', () => {
    const file = { type: 'file', file: { file_data: 'C'.repeat(10_000) } };
    const { facts } = open({ model: 'm', messages: [{ role: 'user', content: [file] }] });
    expect(facts.media).toEqual({ file: 1 });
    expect(facts.inputBytes).toBeGreaterThan(10_000);
  });

  it('cannot be made to count text as media by nesting', () => {
    const nested = { image_url: { image_url: { image_url: 'x'.repeat(1000) } } };
    const { facts } = open({
      model: 'm',
      messages: [{ role: 'user', content: 'y'.repeat(5000), ...nested }],
    });
    expect(facts.inputBytes).toBeGreaterThan(5000);
  });

  it.each([
    ['model', { messages }],
    ['model', { model: '', messages }],
    ['model', { model: 7, messages }],
    ['model', { model: ['gpt-4o'], messages }],
    ['model', { model: 'a\r\nx-evil: 1', messages }],
    ['model', { model: 'm'.repeat(513), messages }],
    ['messages', { model: 'm' }],
    ['messages', { model: 'm', messages: [] }],
    ['messages', { model: 'm', messages: null }],
    ['messages', { model: 'm', messages: 'hi' }],
    ['messages', { model: 'm', messages: { 0: 'hi' } }],
    ['stream', { model: 'm', messages, stream: 'true' }],
    ['stream', { model: 'm', messages, stream: 1 }],
    ['stream_options', { model: 'm', messages, stream_options: [] }],
    ['include_usage', { model: 'm', messages, stream_options: { include_usage: 'yes' } }],
    ['models', { model: 'm', messages, models: 'other' }],
    ['models', { model: 'm', messages, models: [1] }],
    ...['n', 'max_tokens', 'max_completion_tokens'].flatMap((key) =>
      [0, -1, 1.5, '10', true, [], {}, 2 ** 53].map((value): [string, object] => [
        key,
        { model: 'm', messages, [key]: value },
      ]),
    ),
    ['n', { model: 'm', messages, n: 129 }],
  ])('refuses a wrong %s: %j', (parameter, body) => {
    expect(() => open(body)).toThrow(expect.objectContaining({ code: 'invalid_request', parameter }));
  });

  it.each(['1e400', '-1e400', '1e-400', '-0', '9007199254740993'])('refuses the cap %s', (cap) => {
    expect(() => openText(`{"model":"m","messages":[{}],"max_tokens":${cap}}`)).toThrow(
      expect.objectContaining({ code: 'invalid_request', parameter: 'max_tokens' }),
    );
  });

  it('refuses a blank list of messages however it is written', () => {
    expect(() => openText(`{"model":"m","messages":[${' '.repeat(200)}]}`)).toThrow('at least one element');
  });

  it('throws nothing but InvalidRequestError, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(() => openaiChat.openRequest(bytes, path)).toThrow(
            expect.objectContaining({ code: 'invalid_request' }),
          );
        },
      ),
    );
  });
});

describe('rewrite', () => {
  const change = (text: string, changes: RequestChanges): string =>
    Buffer.from(openText(text).rewrite(changes)).toString();

  it('gives the very same bytes back when nothing changes', () => {
    const bytes = Buffer.from(
      JSON.stringify({ model: 'm', max_tokens: 5, messages, stream_options: { include_usage: true } }),
    );
    const opened = openaiChat.openRequest(bytes, path);
    expect(opened.rewrite({})).toBe(bytes);
    expect(opened.rewrite({ model: 'm', maxOutputTokens: 5, reportUsage: true })).toBe(bytes);
    expect(opened.rewrite({ reportUsage: false })).toBe(bytes);
  });

  it('replaces the model and leaves every other byte alone', () => {
    expect(change('{ "model" : "a", "messages":[ {"model":"a"} ],"x":1.0 }', { model: 'b' })).toBe(
      '{ "model" : "b", "messages":[ {"model":"a"} ],"x":1.0 }',
    );
  });

  it.each([
    ['{"model":"m","messages":[{}]}', '{"max_completion_tokens":9,"model":"m","messages":[{}]}'],
    ['{"model":"m","messages":[{}],"max_tokens":90}', '{"model":"m","messages":[{}],"max_tokens":9}'],
    [
      '{"max_completion_tokens":90,"messages":[{}],"model":"m"}',
      '{"max_completion_tokens":9,"messages":[{}],"model":"m"}',
    ],
    [
      '{"model":"m","messages":[{}],"max_completion_tokens":null}',
      '{"model":"m","messages":[{}],"max_completion_tokens":9}',
    ],
    [
      '{"model":"m","messages":[{}],"max_tokens":5,"max_completion_tokens":6}',
      '{"model":"m","messages":[{}],"max_tokens":9,"max_completion_tokens":9}',
    ],
  ])('caps the output under the name that the caller used: %s', (text, expected) => {
    expect(change(text, { maxOutputTokens: 9 })).toBe(expected);
  });

  it.each([
    [
      '{"model":"m","messages":[{}]}',
      '{"stream_options":{"include_usage":true},"model":"m","messages":[{}]}',
    ],
    [
      '{"model":"m","messages":[{}],"stream_options":null}',
      '{"model":"m","messages":[{}],"stream_options":{"include_usage":true}}',
    ],
    [
      '{"model":"m","messages":[{}],"stream_options":{}}',
      '{"model":"m","messages":[{}],"stream_options":{"include_usage":true}}',
    ],
    [
      '{"model":"m","messages":[{}],"stream_options":{"include_usage":false,"a":1}}',
      '{"model":"m","messages":[{}],"stream_options":{"include_usage":true,"a":1}}',
    ],
    [
      '{"model":"m","messages":[{}],"stream_options":{ "a":1}}',
      '{"model":"m","messages":[{}],"stream_options":{"include_usage":true, "a":1}}',
    ],
  ])('asks for usage and keeps what else the caller asked of the stream: %s', (text, expected) => {
    expect(change(text, { reportUsage: true })).toBe(expected);
  });

  it('writes what was decided, so that the bytes sent say what was priced', () => {
    const extra = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }));
    const changes = fc.record({
      model: fc.constantFrom('b', 'ü"'),
      maxOutputTokens: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(extra, changes, fc.boolean(), (members, wanted, pretty) => {
        const body = { ...members, model: 'a', messages };
        const bytes = Buffer.from(JSON.stringify(body, null, pretty ? 1 : 0));
        let opened: ReturnType<typeof openaiChat.openRequest>;
        try {
          opened = openaiChat.openRequest(bytes, path);
        } catch {
          return;
        }
        const sent = openaiChat.openRequest(opened.rewrite({ ...wanted, reportUsage: true }), path);
        expect(sent.facts.requestModel).toBe(wanted.model);
        expect(sent.facts.maxOutputTokens).toBe(wanted.maxOutputTokens);
        expect(sent.usageRequested).toBe(true);
      }),
    );
  });
});

describe('defineOpenaiChat', () => {
  it('takes no cap for one that the provider does not heed, and adds one that it does', () => {
    const dialect = defineOpenaiChat({ caps: ['max_tokens'] });
    const body = Buffer.from('{"model":"m","messages":[{}],"max_completion_tokens":5}');
    const opened = dialect.openRequest(body, path);
    expect(opened.facts.maxOutputTokens).toBeUndefined();
    expect(Buffer.from(opened.rewrite({ maxOutputTokens: 9 })).toString()).toBe(
      '{"max_tokens":9,"model":"m","messages":[{}],"max_completion_tokens":5}',
    );
  });

  it('counts what only the total knows as reasoning, where that is what it is', () => {
    const dialect = defineOpenaiChat({ remainder: 'reasoning' });
    const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 215 };
    expect(dialect.readAnswer(Buffer.from(JSON.stringify({ usage }))).usage).toEqual({
      inputTokens: 10,
      outputTokens: 205,
      reasoningOutputTokens: 200,
    });
    const reader = dialect.createStreamReader({ withholdUsage: false });
    reader.push(Buffer.from(`data: ${JSON.stringify({ choices: [], usage })}\n\n`));
    expect(reader.facts().usage?.outputTokens).toBe(205);
  });
});
