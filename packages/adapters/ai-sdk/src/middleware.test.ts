import type {
  LanguageModelV4,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
} from '@ai-sdk/provider';
import { type Attribution, currentAttribution } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { genopsMiddleware } from './index.ts';

const headers = { 'x-genops-request-id': 'op_1', 'x-genops-cost': '0.01', 'x-genops-cost-currency': 'USD' };
const model = {} as LanguageModelV4;
const usage = {} as LanguageModelV4GenerateResult['usage'];
const finishReason = { unified: 'stop', raw: 'stop' } as const;
const result: LanguageModelV4GenerateResult = { content: [], finishReason, usage, warnings: [] };

/** Calls a model of which only the answer's headers matter. */
async function generate(
  attribution: Attribution,
  doGenerate: () => Promise<LanguageModelV4GenerateResult>,
  providerOptions = {},
): Promise<LanguageModelV4GenerateResult | undefined> {
  const { wrapGenerate } = genopsMiddleware({ attribution });
  const params = { prompt: [], providerOptions };
  return wrapGenerate?.({ doGenerate, doStream: () => Promise.reject(), params, model });
}

describe('genopsMiddleware', () => {
  it('has attributes in force while the model is called, those of the call first', async () => {
    let seen: Attribution = {};
    const doGenerate = async (): Promise<LanguageModelV4GenerateResult> => {
      seen = currentAttribution();
      return result;
    };
    await generate({ team: 'search', feature: 'rank' }, doGenerate, {
      genops: { feature: 'rerank', unknown: 'x', tags: { run: '7' } },
      openai: { user: 'u' },
    });
    expect(seen).toEqual({ team: 'search', feature: 'rerank', tags: { run: '7' } });
    expect(currentAttribution()).toEqual({});
  });

  it('refuses attributes that are none', async () => {
    const wrong = generate({}, async () => result, { genops: { team: 7 } });
    await expect(wrong).rejects.toMatchObject({ code: 'invalid_configuration', path: 'attribution.team' });
  });

  it('tells what the headers tell, beside what the provider told', async () => {
    const answer = { ...result, response: { headers }, providerMetadata: { openai: { a: 1 } } };
    const told = await generate({}, async () => answer);
    expect(told?.providerMetadata).toEqual({
      openai: { a: 1 },
      genops: { requestId: 'op_1', cost: '0.01', currency: 'USD' },
    });
    expect(await generate({}, async () => result)).toBe(result);
  });

  it.each([
    ['false', false],
    ['true', true],
    [undefined, true],
  ])('with x-should-retry %s leaves isRetryable %s', async (header, isRetryable) => {
    const error = Object.assign(new Error('429'), {
      isRetryable: true,
      responseHeaders: header === undefined ? {} : { 'x-should-retry': header },
    });
    await expect(generate({}, () => Promise.reject(error))).rejects.toMatchObject({ isRetryable });
  });

  it('passes a stream on part by part and tells at its end', async () => {
    const parts: LanguageModelV4StreamPart[] = [
      { type: 'text-delta', id: '1', delta: 'Noon.' },
      { type: 'finish', usage, finishReason },
    ];
    const { wrapStream } = genopsMiddleware();
    const streamed = await wrapStream?.({
      doGenerate: () => Promise.reject(),
      doStream: async () => ({ stream: ReadableStream.from(parts), response: { headers } }),
      params: { prompt: [] },
      model,
    });
    const seen: LanguageModelV4StreamPart[] = [];
    for await (const part of streamed?.stream ?? []) seen.push(part);
    expect(seen).toEqual([
      parts[0],
      { ...parts[1], providerMetadata: { genops: { requestId: 'op_1', cost: '0.01', currency: 'USD' } } },
    ]);
  });
});
