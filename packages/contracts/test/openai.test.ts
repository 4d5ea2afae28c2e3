import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { amountOf, type LedgerEntry, type Provider, withBaseUrl } from '@genops/core';
import { createGovernor, type Governor } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import OpenAI, { toFile } from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

let governor: Governor;
const errors: unknown[] = [];
afterEach(async () => {
  await governor.close();
  expect(errors.splice(0)).toEqual([]);
});

function governed(baseURL: string, apiKey: string): OpenAI {
  const provider: Provider = withBaseUrl(openai, baseURL);
  governor = createGovernor({
    providers: [provider],
    ledger: createMemoryLedger(),
    onError: (error) => errors.push(error),
  });
  return governor.wrap(new OpenAI({ baseURL, apiKey }));
}

async function entries(): Promise<readonly LedgerEntry[]> {
  return (await governor.ledger.entries()).entries;
}

function totalOf(entry: LedgerEntry | undefined): string | undefined {
  return entry?.cost.result === 'priced' ? amountOf(entry.cost.total) : undefined;
}

describe('responses and embeddings', () => {
  let upstream: FakeUpstream;
  beforeAll(async () => {
    upstream = await startFakeUpstream();
  });
  afterAll(() => upstream.close());
  afterEach(() => upstream.reset());

  const usage = {
    input_tokens: 1000,
    input_tokens_details: { cached_tokens: 400 },
    output_tokens: 100,
    output_tokens_details: { reasoning_tokens: 40 },
    total_tokens: 1100,
  };
  /** 600 × 0.15 + 400 × 0.075 + 100 × 0.60, per million. */
  const cost = '0.00018';
  const question = { model: 'gpt-4o-mini', input: 'What time is it?', max_output_tokens: 100 };

  it('have the same bill whole, streamed, parsed and raw', async () => {
    upstream.setReply({ usage, text: '{"hour":12}' });
    const client = governed(`${upstream.url}/v1`, upstream.apiKey);
    const { data } = await client.responses.create(question).withResponse();
    expect(data.output_text).toBe('{"hour":12}');
    for await (const _ of await client.responses.create({ ...question, stream: true })) {
      // To the end.
    }
    expect((await client.responses.stream(question).finalResponse()).usage).toEqual(usage);
    const text = { format: zodTextFormat(z.object({ hour: z.number() }), 'time') };
    expect((await client.responses.parse({ ...question, text })).output_parsed).toEqual({ hour: 12 });
    await (await client.responses.create(question).asResponse()).json();
    const all = await entries();
    expect(all.map(totalOf)).toEqual(Array(5).fill(cost));
    for (const entry of all) expect(entry.usage).toEqual(all[0]?.usage);
  });

  it('are charged by their tokens', async () => {
    const client = governed(`${upstream.url}/v1`, upstream.apiKey);
    const { usage: reported } = await client.embeddings.create({
      model: 'text-embedding-3-small',
      input: ['Where is the station?'],
    });
    expect(await entries()).toMatchObject([
      { operation: 'embeddings', usage: { inputTokens: reported.prompt_tokens }, cost: { result: 'priced' } },
    ]);
  });
});

describe('forms and sound', () => {
  let server: Server;
  let url: string;
  const seen: { readonly path: string; readonly type: string; readonly body: Buffer }[] = [];
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const body = await bodyOf(request);
      seen.push({ path: request.url ?? '', type: request.headers['content-type'] ?? '', body });
      if (request.url === '/v1/audio/speech') {
        response.writeHead(200, { 'content-type': 'audio/mpeg' }).end(Buffer.from([0xff, 0xf3, 0x44]));
        return;
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          text: 'La gare est là.',
          usage: {
            type: 'tokens',
            input_tokens: 14,
            input_token_details: { text_tokens: 0, audio_tokens: 14 },
            output_tokens: 5,
            total_tokens: 19,
          },
        }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('of a recording arrive as they were sent, and what was heard is charged', async () => {
    const client = governed(url, 'key');
    const file = await toFile(Buffer.from([0, 1, 2, 0xff]), 'a-b.mp3', { type: 'audio/mpeg' });
    const { text } = await client.audio.transcriptions.create({ file, model: 'gpt-4o-transcribe' });
    expect(text).toBe('La gare est là.');
    const { type, body } = seen.at(-1) ?? { type: '', body: Buffer.alloc(0) };
    expect(type).toMatch(/^multipart\/form-data; boundary=/);
    expect(body.includes(Buffer.from([0, 1, 2, 0xff]))).toBe(true);
    expect(await entries()).toMatchObject([
      {
        operation: 'transcription',
        requestModel: 'gpt-4o-transcribe',
        usage: { inputTokens: 14, inputAudioTokens: 14, outputTokens: 5 },
        cost: { result: 'priced', basis: 'computed' },
      },
    ]);
  });

  it('of a voice comes through byte for byte', async () => {
    const client = governed(url, 'key');
    const answer = await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Là.' });
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(Buffer.from([0xff, 0xf3, 0x44]));
    const [entry] = await entries();
    expect(entry).toMatchObject({ operation: 'speech', outcome: 'completed', cost: { basis: 'estimated' } });
    // 3 characters × 15, per million: the request says what it costs, which is what was held.
    expect(totalOf(entry)).toBe('0.000045');
  });
});

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
