import { withBaseUrl } from '@genops/core';
import { google } from '@genops/google';
import { geminiFormat } from '@genops/testing';
import { GoogleGenAI } from '@google/genai';
import { describe, expect, it } from 'vitest';
import { governedAgainst, totalOf } from './governed.ts';

const fake = governedAgainst([geminiFormat], ({ url }) => [withBaseUrl(google, url)]);

function client(): GoogleGenAI {
  return new GoogleGenAI({
    apiKey: fake.upstream.apiKey,
    httpOptions: { baseUrl: fake.upstream.url, fetch: fake.governor.fetch },
  });
}

/** At this path below any version of the API. */
function answer(path: string, body: unknown): void {
  fake.upstream.addRule({
    when: (request) => request.path.replace(/^\/v1(beta)?/, '') === path,
    reply: { body },
  });
}

describe('the Gemini API', () => {
  it('makes images, which are charged one by one, and not those that were filtered', async () => {
    answer('/models/imagen-4.0-generate-001:predict', {
      predictions: [
        { mimeType: 'image/png', bytesBase64Encoded: 'iVBORw0KGgo=' },
        { mimeType: 'image/png', bytesBase64Encoded: 'iVBORw0KGgo=' },
        { raiFilteredReason: 'It was filtered.' },
      ],
    });
    const made = await fake.governor.fetch(
      `${fake.upstream.url}/v1beta/models/imagen-4.0-generate-001:predict`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-goog-api-key': fake.upstream.apiKey },
        body: JSON.stringify({
          instances: [{ prompt: 'A station in rain' }],
          parameters: { sampleCount: 3 },
        }),
      },
    );
    expect(await made.json()).toMatchObject({ predictions: { length: 3 } });
    const [entry] = await fake.entries();
    expect(entry).toMatchObject({
      operation: 'image_generation',
      usage: { images: 2 },
      cost: { basis: 'computed' },
    });
    expect(totalOf(entry)).toBe('0.08');
    expect(entry?.held?.amount.toFixed()).toBe('0.12');
  });
});

describe('the Google client', () => {
  it('draws inside a conversation, at the price of image tokens', async () => {
    answer('/models/gemini-2.5-flash-image:generateContent', {
      candidates: [
        {
          content: {
            role: 'model',
            parts: [{ inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }],
          },
          finishReason: 'STOP',
        },
      ],
      usageMetadata: {
        promptTokenCount: 1000,
        candidatesTokenCount: 1290,
        totalTokenCount: 2290,
        promptTokensDetails: [{ modality: 'TEXT', tokenCount: 1000 }],
        candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1290 }],
      },
      modelVersion: 'gemini-2.5-flash-image',
    });
    await client().models.generateContent({ model: 'gemini-2.5-flash-image', contents: 'Draw a station' });
    const [entry] = await fake.entries();
    expect(entry).toMatchObject({ usage: { outputTokens: 1290, outputImageTokens: 1290 } });
    // 1000 × 0.30 + 1290 × 30, per million.
    expect(totalOf(entry)).toBe('0.039');
  });

  it('embeds, with tokens as told where they are told', async () => {
    answer('/models/gemini-embedding-001:batchEmbedContents', {
      embeddings: [{ values: [0.1, 0.2] }],
      usageMetadata: { promptTokenCount: 1000 },
    });
    const { embeddings } = await client().models.embedContent({
      model: 'gemini-embedding-001',
      contents: 'Where is the station?',
    });
    expect(embeddings?.[0]?.values).toEqual([0.1, 0.2]);
    const [entry] = await fake.entries();
    expect(entry).toMatchObject({ operation: 'embeddings', usage: { inputTokens: 1000 } });
    expect(totalOf(entry)).toBe('0.00015');
  });

  it('embeds, with tokens estimated where they are not', async () => {
    answer('/models/gemini-embedding-001:batchEmbedContents', { embeddings: [{ values: [0.1] }] });
    await client().models.embedContent({ model: 'gemini-embedding-001', contents: 'Where is it?' });
    const [entry] = await fake.entries();
    expect(entry).toMatchObject({ flags: ['usage_missing'], cost: { basis: 'estimated' } });
    expect(Number(totalOf(entry))).toBeGreaterThan(0);
  });

  it.each([
    [
      'a cache',
      (ai: GoogleGenAI) => ai.caches.create({ model: 'gemini-2.5-flash', config: { contents: 'Long.' } }),
      '/cachedContents',
    ],
    [
      'a batch of a file',
      (ai: GoogleGenAI) => ai.batches.create({ model: 'gemini-2.5-flash', src: { fileName: 'files/f-1' } }),
      '/models/gemini-2.5-flash:batchGenerateContent',
    ],
  ])(
    'orders %s, which is recorded without a price, and refused under a money limit',
    async (_, order, path) => {
      answer(path, { name: 'cachedContents/c-1' });
      await order(client());
      expect(await fake.entries()).toMatchObject([{ cost: { result: 'unpriced', reason: 'unmetered' } }]);
      await fake.limitTo('100');
      await expect(order(client())).rejects.toMatchObject({ status: 403 });
      expect(fake.upstream.requests).toHaveLength(1);
    },
  );

  it('looks after caches and files for nothing', async () => {
    answer('/cachedContents/c-1', { name: 'cachedContents/c-1' });
    answer('/cachedContents', { cachedContents: [] });
    answer('/files', { files: [] });
    await client().caches.get({ name: 'cachedContents/c-1' });
    await client().caches.list();
    await client().files.list();
    await client().caches.delete({ name: 'cachedContents/c-1' });
    expect(await fake.entries()).toEqual([]);
    expect(fake.upstream.requests).toHaveLength(4);
  });
});
