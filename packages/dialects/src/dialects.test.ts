import { type Dialect, splitUsage, type Usage } from '@genops/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixture } from '../test/fixture.ts';
import { expectCutsDoNotMatter, readStream } from '../test/streams.ts';
import {
  anthropicMessages,
  bedrockConverse,
  cohereChat,
  gemini,
  ollamaChat,
  openaiChat,
  openaiCompletions,
  openaiEmbeddings,
  openaiImages,
  openaiResponses,
  openaiSpeech,
  openaiTranscription,
} from './index.ts';

interface Exchange {
  readonly dialect: Dialect;
  readonly path: string;
  readonly facts: object;
  readonly usage: Usage;
  /** Extension of the stream's file; absent for formats that never stream. */
  readonly stream?: string;
  /** Bytes and events of output that the stream's file has. */
  readonly output?: readonly [bytes: number, events: number];
  /** @default the format has whole answers that tell usage */
  readonly answers?: false;
}

const text = 'The café opens at 8 a.m. — bring “cash”.';
const textBytes = Buffer.byteLength(text);

const exchanges: readonly Exchange[] = [
  {
    dialect: openaiChat,
    path: '/v1/chat/completions',
    facts: { requestModel: 'gpt-4o', stream: true, choices: 1, maxOutputTokens: 300, media: { image: 1 } },
    usage: {
      inputTokens: 1117,
      cacheReadInputTokens: 1024,
      inputAudioTokens: 0,
      outputTokens: 46,
      reasoningOutputTokens: 32,
      outputAudioTokens: 0,
    },
    stream: 'sse',
    output: [textBytes, 11],
  },
  {
    dialect: openaiCompletions,
    path: '/v1/completions',
    facts: { requestModel: 'gpt-3.5-turbo-instruct', stream: true, choices: 1, maxOutputTokens: 64 },
    usage: { inputTokens: 8, outputTokens: 14 },
    stream: 'sse',
    output: [textBytes, 11],
  },
  {
    dialect: openaiResponses,
    path: '/v1/responses',
    facts: {
      requestModel: 'gpt-5.6-luna',
      stream: true,
      choices: 1,
      maxOutputTokens: 800,
      serviceTier: 'flex',
      media: { image: 1 },
      needs: ['tools'],
      options: { searchContextSize: 'low' },
    },
    usage: {
      inputTokens: 328,
      cacheReadInputTokens: 128,
      cacheCreationInputTokens: 64,
      outputTokens: 87,
      reasoningOutputTokens: 41,
      webSearches: 1,
    },
    stream: 'sse',
    output: [textBytes, 11],
  },
  {
    dialect: openaiEmbeddings,
    path: '/v1/embeddings',
    facts: { requestModel: 'text-embedding-3-small', stream: false, choices: 1 },
    usage: { inputTokens: 9 },
  },
  {
    dialect: openaiImages,
    path: '/v1/images/generations',
    facts: {
      requestModel: 'gpt-image-2',
      stream: true,
      choices: 1,
      options: { imageSize: '1024x1024', imageQuality: 'high' },
    },
    usage: { inputTokens: 50, inputImageTokens: 40, outputTokens: 4160, outputImageTokens: 4160 },
    stream: 'sse',
    output: [0, 0],
  },
  {
    dialect: openaiSpeech,
    path: '/v1/audio/speech',
    facts: {
      requestModel: 'gpt-4o-mini-tts',
      stream: true,
      choices: 1,
      options: { characters: text.length, outputAudio: true },
    },
    usage: { inputTokens: 14, outputTokens: 101, outputAudioTokens: 101 },
    stream: 'sse',
    output: [0, 0],
    answers: false,
  },
  {
    dialect: anthropicMessages,
    path: '/v1/messages',
    facts: {
      requestModel: 'claude-sonnet-5',
      stream: true,
      choices: 1,
      maxOutputTokens: 1024,
      media: { image: 1 },
    },
    usage: {
      inputTokens: 1255,
      cacheReadInputTokens: 1042,
      cacheCreationInputTokens: 188,
      cacheCreation5mInputTokens: 88,
      cacheCreation1hInputTokens: 100,
      outputTokens: 64,
      reasoningOutputTokens: 20,
      webSearches: 1,
      webFetches: 0,
    },
    stream: 'sse',
    output: [textBytes + 'Look it up.'.length, 12],
  },
  {
    dialect: gemini,
    path: '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
    facts: {
      requestModel: 'gemini-2.5-flash',
      stream: true,
      choices: 1,
      maxOutputTokens: 2048,
      media: { image: 1 },
    },
    usage: {
      inputTokens: 283,
      cacheReadInputTokens: 20,
      inputImageTokens: 258,
      outputTokens: 79,
      reasoningOutputTokens: 65,
      groundedPrompts: 1,
    },
    stream: 'sse',
    output: [textBytes, 11],
  },
  {
    dialect: bedrockConverse,
    path: '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream',
    facts: {
      requestModel: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
      stream: true,
      choices: 1,
      maxOutputTokens: 512,
      media: { image: 1 },
    },
    usage: {
      inputTokens: 1118,
      cacheReadInputTokens: 1000,
      cacheCreationInputTokens: 88,
      cacheCreation1hInputTokens: 88,
      outputTokens: 14,
    },
    stream: 'bin',
    output: [textBytes, 11],
  },
  {
    dialect: cohereChat,
    path: '/v2/chat',
    facts: {
      requestModel: 'command-a-03-2025',
      stream: true,
      choices: 1,
      maxOutputTokens: 300,
      media: { image: 1 },
    },
    usage: { inputTokens: 7, outputTokens: 14 },
    stream: 'sse',
    output: [textBytes, 11],
  },
  {
    dialect: ollamaChat,
    path: '/api/chat',
    facts: { requestModel: 'llama3.3', stream: true, choices: 1, maxOutputTokens: 200, media: { image: 2 } },
    usage: { inputTokens: 26, outputTokens: 14 },
    stream: 'ndjson',
    output: [textBytes, 11],
  },
];

describe.each(exchanges.map((exchange) => [exchange.dialect.id, exchange] as const))('%s', (id, exchange) => {
  const { dialect, path } = exchange;
  const request = fixture(`${id}/request.json`);
  const open = (bytes: Uint8Array, at = path) => dialect.openRequest(bytes, at);

  it('reads a request', () => {
    const { facts } = open(request);
    const { inputBytes, ...rest } = facts;
    expect(rest).toEqual(exchange.facts);
    expect(inputBytes).toBeGreaterThan(0);
    expect(inputBytes).toBeLessThanOrEqual(request.length);
  });

  it('forwards the very same bytes when nothing changes', () => {
    expect(open(request).rewrite({})).toBe(request);
    const { requestModel, maxOutputTokens } = open(request).facts;
    const same = { model: requestModel, ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }) };
    expect(open(request).rewrite(same)).toBe(request);
    expect(open(request).rewritePath?.(same) ?? path).toBe(path);
  });

  it('changes the model, wherever it stands, and nothing else', () => {
    const opened = open(request);
    const changes = { model: 'vendor/other:1' };
    const changed = open(opened.rewrite(changes), opened.rewritePath?.(changes) ?? path);
    expect(changed.facts).toEqual({
      ...opened.facts,
      requestModel: 'vendor/other:1',
      inputBytes: changed.facts.inputBytes,
    });
  });

  it('caps the output, where output is text, and nothing else', () => {
    const opened = open(request);
    const changed = open(opened.rewrite({ maxOutputTokens: 7 }));
    const isText = opened.facts.maxOutputTokens !== undefined;
    expect(changed.facts).toEqual({
      ...opened.facts,
      ...(isText ? { maxOutputTokens: 7 } : {}),
      inputBytes: changed.facts.inputBytes,
    });
    if (!isText) expect(opened.rewrite({ maxOutputTokens: 7 })).toBe(request);
  });

  it('can always count on usage once it has asked for it', () => {
    const opened = open(request);
    expect(open(opened.rewrite({ reportUsage: true })).usageRequested).toBe(true);
  });

  it('throws nothing but InvalidRequestError, whatever the bytes', () => {
    const parsed = JSON.parse(request.toString()) as Record<string, unknown>;
    const damaged = fc
      .tuple(fc.constantFrom(...Object.keys(parsed)), fc.jsonValue({ maxDepth: 3 }))
      .map(([key, value]) => Buffer.from(JSON.stringify({ ...parsed, [key]: value })));
    const anything = fc.oneof(
      damaged,
      fc.uint8Array(),
      fc.json().map((json) => Buffer.from(json)),
    );
    fc.assert(
      fc.property(anything, fc.constantFrom(path, '/', '/%E0%A4%A'), (bytes, at) => {
        try {
          open(bytes, at);
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_request' });
        }
      }),
      { numRuns: 300 },
    );
  });

  if (exchange.answers !== false)
    it('reads an answer, whose counters can be priced', () => {
      const facts = dialect.readAnswer(fixture(`${id}/answer.json`));
      expect(facts.usage).toEqual(exchange.usage);
      expect(facts.unreadUsage).toBeUndefined();
      expect(facts.error).toBeUndefined();
      splitUsage(exchange.usage);
    });

  it.each(['', '<html></html>', '[]', 'null', '"text"', '{}', '[null,1,"x",{}]'])(
    'makes nothing of an answer that is none: %j',
    (body) => {
      expect(dialect.readAnswer(Buffer.from(body))).toEqual({});
    },
  );

  const { stream } = exchange;
  if (stream !== undefined)
    describe('streamed', () => {
      const bytes = fixture(`${id}/stream.${stream}`);
      const read = (at: Buffer) => readStream(dialect.createStreamReader({ withholdUsage: false }), at);

      if (exchange.answers !== false)
        it('says the same as the whole answer', () => {
          const { complete: _, outputBytes: __, outputEvents: ___, ...facts } = read(bytes).facts;
          expect(facts).toEqual(dialect.readAnswer(fixture(`${id}/answer.json`)));
        });

      it('tells usage, output and the end', () => {
        const { facts, passedOn } = read(bytes);
        expect(facts).toMatchObject({
          usage: exchange.usage,
          complete: true,
          outputBytes: exchange.output?.[0],
          outputEvents: exchange.output?.[1],
        });
        expect(passedOn).toEqual(bytes);
      });

      it('passes the very same chunks on', () => {
        const reader = dialect.createStreamReader({ withholdUsage: false });
        for (let start = 0; start < bytes.length; start += 77) {
          const chunk = bytes.subarray(start, start + 77);
          expect(reader.push(chunk)[0]).toBe(chunk);
        }
      });

      it('reads and passes on the same wherever it is cut', () => {
        expectCutsDoNotMatter(dialect, bytes);
      });

      it('is not complete before its end', () => {
        for (let end = 0; end < bytes.length - 200; end += 50) {
          expect(read(bytes.subarray(0, end)).facts.complete).toBe(false);
        }
      });

      it('survives any bytes', () => {
        fc.assert(
          fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (chunks) => {
            const reader = dialect.createStreamReader({ withholdUsage: true });
            for (const chunk of chunks) reader.push(chunk);
            reader.flush();
            expect(reader.facts().usage).toBeUndefined();
          }),
        );
      });

      it('recognises the error that it renders', () => {
        const error = {
          status: 429,
          type: 'rate_limit_error',
          code: 'rate_limited',
          message: 'Slow\n\ndown "a bit"',
        };
        const rendered = Buffer.from(dialect.renderStreamError(error));
        const { facts } = read(rendered);
        expect(facts.error?.message).toBe(error.message);
      });
    });

  it('renders an error that says why', () => {
    const error = {
      status: 402,
      type: 'insufficient_quota',
      code: 'budget_exceeded',
      message: 'No "budget" left',
      parameter: 'model',
      details: { limit: 'search-monthly' },
    };
    const rendered = Buffer.from(dialect.renderError(error)).toString();
    expect(() => JSON.parse(rendered)).not.toThrow();
    for (const part of ['No \\"budget\\" left', 'search-monthly']) expect(rendered).toContain(part);
    expect(rendered.toLowerCase()).toContain('budget_exceeded');
  });
});

describe('openai-transcription', () => {
  it('reads a transcription, whole and streamed', () => {
    const usage = { inputTokens: 148, inputAudioTokens: 140, outputTokens: 16 };
    const bytes = fixture('openai-transcription/stream.sse');
    expect(openaiTranscription.readAnswer(fixture('openai-transcription/answer.json')).usage).toEqual(usage);
    expect(
      readStream(openaiTranscription.createStreamReader({ withholdUsage: true }), bytes).facts,
    ).toMatchObject({ usage, complete: true, outputBytes: textBytes, outputEvents: 11 });
    expectCutsDoNotMatter(openaiTranscription, bytes);
  });
});
