import { describe, expect, it } from 'vitest';
import { fixture } from '../../test/fixture.ts';
import { expectCutsDoNotMatter, readStream } from '../../test/streams.ts';
import { maximumEventBytes } from '../stream/collector.ts';
import { openaiChat } from './index.ts';

const stream = fixture('openai-chat/stream.sse');
const answer = fixture('openai-chat/answer.json');
const openrouter = fixture('openai-chat/openrouter-stream.sse');

const read = (bytes: Buffer | string, options = { withholdUsage: false }, cuts?: readonly number[]) =>
  readStream(openaiChat.createStreamReader(options), Buffer.from(bytes), cuts);

const event = (body: object): string => `data: ${JSON.stringify(body)}\n\n`;
const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const content = (text: string) =>
  event({ id: 'c1', model: 'm', choices: [{ index: 0, delta: { content: text } }] });
const done = 'data: [DONE]\n\n';

describe('createStreamReader', () => {
  it('reads the same of a stream as of the whole answer', () => {
    const { complete, outputBytes, outputEvents, ...facts } = read(stream).facts;
    expect(facts).toEqual(openaiChat.readAnswer(answer));
    expect(complete).toBe(true);
    expect(outputBytes).toBe(Buffer.byteLength('The café opens at 8 a.m. — bring “cash”.'));
    expect(outputEvents).toBe(11);
  });

  it('passes the very same chunks on', () => {
    const reader = openaiChat.createStreamReader({ withholdUsage: false });
    for (let at = 0; at < stream.length; at += 100) {
      const chunk = stream.subarray(at, at + 100);
      const passedOn = reader.push(chunk);
      expect(passedOn).toHaveLength(1);
      expect(passedOn[0]).toBe(chunk);
    }
    expect(reader.flush()).toEqual([]);
  });

  it('withholds the chunk that is there for usage only, and nothing else', () => {
    const { facts, passedOn } = read(stream, { withholdUsage: true });
    const events = stream.toString().split('\n\n');
    const expected = events.filter((text) => !text.includes('"choices":[]')).join('\n\n');
    expect(passedOn.toString()).toBe(expected);
    expect(facts.usage).toEqual(read(stream).facts.usage);
  });

  it('passes whole chunks of whole events on as they are while it may withhold', () => {
    const reader = openaiChat.createStreamReader({ withholdUsage: true });
    const chunk = Buffer.from(content('Hi') + content(' there'));
    expect(reader.push(chunk)).toEqual([chunk]);
    expect(reader.push(chunk)[0]).toBe(chunk);
  });

  it.each([
    ['OpenAI', stream],
    ['OpenRouter', openrouter],
    [
      'CRLF',
      Buffer.from(`${content('a\u2028ü')}${event({ choices: [], usage })}${done}`.replaceAll('\n', '\r\n')),
    ],
    ['CR', Buffer.from(`${content('a')}${event({ choices: [], usage })}${done}`.replaceAll('\n', '\r'))],
    [
      'mixed line ends',
      Buffer.from(`data: {}\r\n\n${content('a')}data:{}\r\r\n: c\n\r\n${event({ choices: [], usage })}`),
    ],
    ['a byte order mark', Buffer.from(`\uFEFF${content('a')}${event({ choices: [], usage })}${done}`)],
    ['no end', Buffer.from(`${content('a')}${event({ choices: [], usage })}`.trimEnd())],
  ])('reads and passes on the same wherever the stream is cut: %s', (_name, bytes) => {
    expectCutsDoNotMatter(openaiChat, bytes);
  });

  it('skips comments and reads cost, also that of a provider behind the gateway', () => {
    const { facts } = read(openrouter);
    expect(facts).toMatchObject({
      responseId: 'gen-1762345678-QmVhdXRpZnVsRmFrZQ',
      responseModel: 'google/gemini-2.5-flash',
      usage: { inputTokens: 480, outputTokens: 33 },
      complete: true,
      outputEvents: 2,
    });
    expect(facts.reportedCost?.amount.toFixed()).toBe('0.0000113');
    expect(facts.upstreamCost?.amount.toFixed()).toBe('0.0002265');
  });

  it('keeps a last chunk that has choices beside usage, because a caller needs it', () => {
    const last = event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage });
    const { facts, passedOn } = read(content('a') + last + done, { withholdUsage: true });
    expect(passedOn.toString()).toBe(content('a') + last + done);
    expect(facts.usage).toEqual({ inputTokens: 5, outputTokens: 2 });
  });

  it('takes the last usage when every chunk has one', () => {
    const chunk = (tokens: number) =>
      event({
        choices: [{ delta: { content: 'x' } }],
        usage: { prompt_tokens: 5, completion_tokens: tokens },
      });
    expect(read(chunk(1) + chunk(2) + chunk(3) + done).facts.usage).toEqual({
      inputTokens: 5,
      outputTokens: 3,
    });
  });

  it.each([
    ['beside text, so that more may follow', [{ delta: { content: 'x' } }], undefined],
    ['alone, which comes last', [], true],
  ])('tells whether usage is final before the end was seen: %s', (_name, choices, usageIsFinal) => {
    const { facts } = read(content('a') + event({ choices, usage }));
    expect([facts.complete, facts.usageIsFinal]).toEqual([false, usageIsFinal]);
  });

  it('reads usage where Groq puts it', () => {
    const last = event({ choices: [{ delta: {}, finish_reason: 'stop' }], x_groq: { id: 'req_1', usage } });
    expect(read(content('a') + last + done).facts.usage).toEqual({ inputTokens: 5, outputTokens: 2 });
  });

  it('has no usage when none came, which is not zero', () => {
    const { facts } = read(content('Hällo') + event({ choices: [], usage: null }) + done);
    expect(facts.usage).toBeUndefined();
    expect(facts.outputBytes).toBe(6);
    expect(facts.complete).toBe(true);
  });

  it('is not complete without the mark of the end', () => {
    expect(read(content('a')).facts.complete).toBe(false);
    expect(read(`${content('a')}data: [DONE]`).facts.complete).toBe(true);
  });

  it('believes nothing that comes after the end', () => {
    const late = event({ id: 'x', choices: [], usage: { prompt_tokens: 0, completion_tokens: 0 } });
    const { facts, passedOn } = read(content('a') + event({ choices: [], usage }) + done + late);
    expect(facts.usage).toEqual({ inputTokens: 5, outputTokens: 2 });
    expect(facts.responseId).toBe('c1');
    expect(passedOn.toString()).toContain(late);
  });

  it.each([
    ['negative', -1],
    ['fractional', 1.5],
    ['text', '5'],
    ['beyond 2^53', 2 ** 60],
    ['a list', [5]],
  ])('does not believe counters that cannot be: %s', (_name, tokens) => {
    const last = event({ choices: [], usage: { ...usage, completion_tokens: tokens } });
    const { facts } = read(content('a') + last + done);
    expect(facts.usage).toBeUndefined();
    expect(facts.usageProblem).toContain('usage.completion_tokens');
    expect(() => openaiChat.readAnswer(Buffer.from(last.slice(6)))).toThrow(
      expect.objectContaining({ code: 'invalid_usage', counter: 'usage.completion_tokens' }),
    );
  });

  it.each([
    ['an event', content('a') + event({ error: { message: 'overloaded', code: 502 } }), '502'],
    [
      'an event with a name',
      `event: error\n${event({ error: { message: 'overloaded', type: 'server_error' } })}`,
      'server_error',
    ],
    [
      'a choice',
      event({
        choices: [{ delta: {}, finish_reason: 'error', error: { message: 'overloaded', code: 'x' } }],
      }),
      'x',
    ],
    [
      'plain JSON in place of a stream',
      JSON.stringify({ error: { message: 'overloaded', code: 'y' } }, null, 2),
      'y',
    ],
  ])('recognises an error sent as %s', (_name, text, code) => {
    expect(read(text).facts.error).toEqual({ message: 'overloaded', code });
  });

  it('reads a whole answer that came in place of a stream', () => {
    expect(read(answer).facts).toMatchObject(openaiChat.readAnswer(answer));
  });

  it('makes nothing of a page of HTML', () => {
    const { facts, passedOn } = read('<html>\n\n<body>data</body></html>');
    expect(facts).toEqual({ complete: false, outputBytes: 0, outputEvents: 0 });
    expect(passedOn.toString()).toContain('<html>');
  });

  it('cannot be fooled by text that looks like events', () => {
    const text = '\n\ndata: {"usage":{"prompt_tokens":0,"completion_tokens":0}}\n\ndata: [DONE]\n\n';
    const { facts } = read(content(text) + event({ choices: [], usage }));
    expect(facts.usage).toEqual({ inputTokens: 5, outputTokens: 2 });
    expect(facts.complete).toBe(false);
  });

  it('counts everything that the model made: reasoning, refusals, tool calls', () => {
    const delta = (value: object) => event({ choices: [{ delta: value }] });
    const { facts } = read(
      delta({ role: 'assistant', content: '' }) +
        delta({ reasoning_content: 'abc' }) +
        delta({ reasoning: 'de' }) +
        delta({ refusal: 'no' }) +
        delta({ tool_calls: [{ index: 0, id: 'call_1', function: { name: 'f', arguments: '{"a":1}' } }] }),
    );
    expect(facts.outputBytes).toBe(3 + 2 + 2 + 8);
    expect(facts.outputEvents).toBe(4);
  });

  it('stops reading an event that outgrows the cap, and passes every byte on', () => {
    for (const withholdUsage of [false, true]) {
      const reader = openaiChat.createStreamReader({ withholdUsage });
      const piece = Buffer.alloc(1024 * 1024, 0x61);
      let bytes = 0;
      for (let sent = 0; sent <= maximumEventBytes + piece.length; sent += piece.length) {
        for (const part of reader.push(piece)) bytes += part.length;
      }
      const last = Buffer.from(`\n\n${event({ choices: [], usage })}`);
      for (const part of [...reader.push(last), ...reader.flush()]) bytes += part.length;
      expect(bytes).toBe(maximumEventBytes + 2 * piece.length + last.length);
      expect(reader.facts()).toEqual({ complete: false, outputBytes: 0, outputEvents: 0 });
    }
  });

  it('pollutes no prototype', () => {
    read('data: {"__proto__":{"polluted":1},"usage":{"__proto__":{"prompt_tokens":9}},"choices":[]}\n\n');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(({} as Record<string, unknown>)['prompt_tokens']).toBeUndefined();
  });
});

describe('renderError', () => {
  const error = {
    status: 402,
    type: 'insufficient_quota',
    code: 'budget_exceeded',
    message: 'No "budget" left',
  };

  it('renders an error in the shape of the format', () => {
    const body = JSON.parse(
      Buffer.from(openaiChat.renderError({ ...error, details: { limit: { id: 'l' } } })).toString(),
    );
    expect(body).toEqual({
      error: {
        limit: { id: 'l' },
        message: 'No "budget" left',
        type: 'insufficient_quota',
        param: null,
        code: 'budget_exceeded',
      },
    });
  });

  it('renders an error into a stream that its own reader recognises', () => {
    const message = 'broken\n\ndata: [DONE]\n\n';
    const rendered = Buffer.from(openaiChat.renderStreamError({ ...error, message }));
    const { facts } = read(rendered);
    expect(facts).toMatchObject({ error: { message, code: 'budget_exceeded' }, complete: false });
  });
});
