import { describe, expect, it } from 'vitest';
import { anthropicMessages } from './index.ts';

const path = '/v1/messages';
const messages = [{ role: 'user', content: 'Hello' }];
const open = (body: object, at = path) =>
  anthropicMessages.openRequest(Buffer.from(JSON.stringify(body)), at);
const rewritten = (body: object, maxOutputTokens: number): unknown =>
  JSON.parse(Buffer.from(open(body).rewrite({ maxOutputTokens })).toString());

describe('openRequest', () => {
  it('needs a cap, as the format does', () => {
    expect(() => open({ model: 'm', messages })).toThrow(
      expect.objectContaining({ parameter: 'max_tokens' }),
    );
  });

  it('takes model and streaming from the path of Vertex', () => {
    const vertex =
      '/v1/projects/p/locations/global/publishers/anthropic/models/claude-sonnet-5@20260801:streamRawPredict';
    const { facts } = open({ anthropic_version: 'vertex-2023-10-16', max_tokens: 9, messages }, vertex);
    expect(facts).toMatchObject({ requestModel: 'claude-sonnet-5@20260801', stream: true });
  });

  it('knows what a price may depend on', () => {
    const body = {
      model: 'm',
      max_tokens: 9,
      messages,
      speed: 'fast',
      inference_geo: 'us',
      service_tier: 'auto',
    };
    expect(open(body).facts).toMatchObject({
      serviceTier: 'auto',
      options: { speed: 'fast', inferenceGeo: 'us' },
    });
  });

  it('names every model that may be asked, and the highest of their caps', () => {
    const fallbacks = [{ model: 'b', max_tokens: 500 }, { model: 'c' }];
    const tools = [
      { type: 'advisor_20260301', name: 'advisor', model: 'wise' },
      { name: 'model', input_schema: {} },
    ];
    const { facts } = open({ model: 'a', max_tokens: 100, messages, fallbacks, tools });
    expect(facts.alternativeModels).toEqual(['b', 'c', 'wise']);
    expect(facts.maxOutputTokens).toBe(500);
  });

  it('says when the provider chooses the models itself', () => {
    expect(open({ model: 'a', max_tokens: 1, messages, fallbacks: 'default' }).facts.options).toEqual({
      serverFallbacks: true,
    });
  });

  it('caps every fallback that is above the new cap', () => {
    const body = {
      model: 'a',
      max_tokens: 100,
      messages,
      fallbacks: [
        { model: 'b', max_tokens: 500, speed: 'fast' },
        { model: 'c', max_tokens: 5 },
        { model: 'd' },
      ],
    };
    expect(rewritten(body, 50)).toEqual({
      ...body,
      max_tokens: 50,
      fallbacks: [
        { model: 'b', max_tokens: 50, speed: 'fast' },
        { model: 'c', max_tokens: 5 },
        { model: 'd' },
      ],
    });
  });

  it.each([
    ['fallbacks', { fallbacks: {} }],
    ['fallbacks', { fallbacks: [{ model: 7 }] }],
    ['fallbacks', { fallbacks: [{ model: 'b', max_tokens: -1 }] }],
    ['max_tokens', { max_tokens: 0 }],
    ['max_tokens', { max_tokens: 1.5 }],
  ])('refuses a wrong %s: %j', (parameter, wrong) => {
    expect(() => open({ model: 'a', max_tokens: 1, messages, ...wrong })).toThrow(
      expect.objectContaining({ code: 'invalid_request', parameter }),
    );
  });

  it('tells media by their blocks', () => {
    const data = 'A'.repeat(5000);
    const content = [
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data } },
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data } },
      { type: 'document', source: { type: 'file', file_id: 'f' } },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data } },
      {
        type: 'tool_result',
        tool_use_id: 't',
        content: [{ type: 'image', source: { type: 'file', file_id: 'f' } }],
      },
    ];
    const { facts } = open({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content }] });
    expect(facts.media).toEqual({ image: 3, file: 2 });
    expect(facts.inputBytes).toBeGreaterThan(10_000);
    expect(facts.inputBytes).toBeLessThan(11_000);
  });

  it('cannot be made to take what a tool is called with for media', () => {
    const input = { source: { type: 'base64', media_type: 'image/png', data: 'x'.repeat(5000) } };
    const content = [{ type: 'tool_use', id: 't', name: 'f', input }];
    const { facts } = open({ model: 'm', max_tokens: 9, messages: [{ role: 'assistant', content }] });
    expect(facts.media).toBeUndefined();
    expect(facts.inputBytes).toBeGreaterThan(5000);
  });
});
