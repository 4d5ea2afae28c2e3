import { describe, expect, it } from 'vitest';
import { gemini } from './index.ts';

const path = '/v1beta/models/gemini-3.1-pro-preview:generateContent';
const contents = [{ role: 'user', parts: [{ text: 'Hello' }] }];
const open = (body: object, at = path) => gemini.openRequest(Buffer.from(JSON.stringify(body)), at);

describe('openRequest', () => {
  it.each([
    ['/v1beta/models/gemini-2.5-pro:generateContent', 'gemini-2.5-pro', false],
    ['/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse', 'gemini-2.5-pro', true],
    ['/v1beta/tunedModels/my-tune-1:generateContent', 'my-tune-1', false],
    [
      '/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:streamGenerateContent',
      'gemini-2.5-pro',
      true,
    ],
  ])('takes model and streaming from the path %s', (at, requestModel, stream) => {
    expect(open({ contents }, at).facts).toMatchObject({ requestModel, stream });
  });

  it.each(['/v1beta/models', '/v1beta/models/:generateContent', '/v1beta/models/%00:generateContent'])(
    'refuses a path without a model: %s',
    (at) => {
      expect(() => open({ contents }, at)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    },
  );

  it('reads either spelling, as Google does', () => {
    const camel = { contents, generationConfig: { maxOutputTokens: 9, candidateCount: 2 } };
    const snake = { contents, generation_config: { max_output_tokens: 9, candidate_count: 2 } };
    for (const body of [camel, snake]) {
      expect(open(body).facts).toMatchObject({ maxOutputTokens: 9, choices: 2 });
    }
  });

  it.each([
    { contents, generationConfig: {}, generation_config: {} },
    { contents, generationConfig: { maxOutputTokens: 1, max_output_tokens: 900 } },
  ])('refuses a parameter in both spellings: %j', (body) => {
    expect(() => open(body)).toThrow('comes twice');
  });

  it('caps in the spelling that the caller uses', () => {
    const capped = (body: object): unknown =>
      JSON.parse(Buffer.from(open(body).rewrite({ maxOutputTokens: 7 })).toString());
    expect(capped({ contents })).toEqual({ contents, generationConfig: { maxOutputTokens: 7 } });
    expect(capped({ contents, generation_config: { max_output_tokens: 90 } })).toEqual({
      contents,
      generation_config: { max_output_tokens: 7 },
    });
    expect(capped({ contents, generation_config: {} })).toEqual({
      contents,
      generation_config: { maxOutputTokens: 7 },
    });
  });

  it('writes another model into the path', () => {
    const opened = open({ contents }, '/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse');
    expect(opened.rewritePath?.({ model: 'gemini/$&' })).toBe(
      '/v1beta/models/gemini%2F%24%26:streamGenerateContent?alt=sse',
    );
  });

  it('tells media by their type, and what a function gave from media', () => {
    const data = 'A'.repeat(1000);
    const parts = [
      { inlineData: { mimeType: 'audio/wav', data } },
      { inline_data: { mime_type: 'video/mp4', data } },
      { fileData: { mimeType: 'application/pdf', fileUri: 'gs://a' } },
      { functionResponse: { name: 'f', response: { inlineData: { mimeType: 'image/png', data } } } },
    ];
    const { facts } = open({ contents: [{ parts }], cachedContent: 'cachedContents/1' });
    expect(facts.media).toEqual({ audio: 1, video: 1, file: 2 });
    expect(facts.inputBytes).toBeGreaterThan(1000);
    expect(facts.inputBytes).toBeLessThan(1500);
  });

  it('says when Google will search', () => {
    expect(open({ contents, tools: [{ googleSearch: {} }] }).facts.options).toEqual({ grounding: true });
    expect(open({ contents, tools: [{ functionDeclarations: [] }] }).facts.options).toBeUndefined();
  });
});

describe('readAnswer', () => {
  it('reads a stream that was sent as one list', () => {
    const chunks = [
      {
        modelVersion: 'gemini-3.1-pro-preview',
        candidates: [{ groundingMetadata: { webSearchQueries: ['a'] } }],
      },
      { usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 1 } },
      { usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 8, thoughtsTokenCount: 3 } },
    ];
    expect(gemini.readAnswer(Buffer.from(JSON.stringify(chunks)))).toMatchObject({
      responseModel: 'gemini-3.1-pro-preview',
      usage: { inputTokens: 5, outputTokens: 11, reasoningOutputTokens: 3, searchQueries: 1 },
    });
  });
});
