import { withBaseUrl } from '@genops/core';
import { openai } from '@genops/openai';
import { openaiFormat } from '@genops/testing';
import OpenAI, { toFile } from 'openai';
import { beforeEach, describe, expect, it } from 'vitest';
import { governedAgainst, totalOf } from './governed.ts';

const fake = governedAgainst([openaiFormat], ({ url }) => [withBaseUrl(openai, `${url}/v1`)]);

let client: OpenAI;
beforeEach(() => {
  client = governed();
});

function governed(): OpenAI {
  return fake.governor.wrap(new OpenAI({ baseURL: `${fake.upstream.url}/v1`, apiKey: fake.upstream.apiKey }));
}

describe('the openai client', () => {
  it.each([
    ['moderates', (one: OpenAI) => one.moderations.create({ input: 'x' })],
    ['looks up a response', (one: OpenAI) => one.responses.retrieve('resp_1')],
    ['cancels a response', (one: OpenAI) => one.responses.cancel('resp_1')],
    ['lists what went into a response', (one: OpenAI) => one.responses.inputItems.list('resp_1')],
    ['begins a conversation', (one: OpenAI) => one.conversations.create()],
    ['adds to a conversation', (one: OpenAI) => one.conversations.items.create('conv_1', { items: [] })],
    ['lists models', (one: OpenAI) => one.models.list()],
    ['looks up a model', (one: OpenAI) => one.models.retrieve('gpt-4o-mini')],
    ['lists files', (one: OpenAI) => one.files.list()],
    ['deletes a file', (one: OpenAI) => one.files.delete('file-1')],
    ['lists batches', (one: OpenAI) => one.batches.list()],
    ['cancels a batch', (one: OpenAI) => one.batches.cancel('batch_1')],
    ['lists trainings', (one: OpenAI) => one.fineTuning.jobs.list()],
  ])('%s for nothing, under a money limit too', async (_, ask) => {
    await fake.limitTo('0.000001');
    fake.upstream.setReply({ body: { id: 'x', data: [] } });
    await ask(governed());
    expect(fake.upstream.requests).toHaveLength(1);
    expect(fake.upstream.requests[0]?.headers.authorization).toBe(`Bearer ${fake.upstream.apiKey}`);
    expect(await fake.entries()).toEqual([]);
  });

  it('trains, which is recorded without a price', async () => {
    fake.upstream.setReply({ body: { id: 'ftjob-1', model: 'gpt-4.1-mini-2025-04-14' } });
    await client.fineTuning.jobs.create({ model: 'gpt-4.1-mini', training_file: 'file-1' });
    expect(await fake.entries()).toMatchObject([
      {
        operation: 'fine_tuning',
        requestModel: 'gpt-4.1-mini',
        responseId: 'ftjob-1',
        cost: { result: 'unpriced', reason: 'unmetered' },
      },
    ]);
  });

  it('is refused a realtime session by name', async () => {
    const session = client.realtime.clientSecrets.create({ session: { type: 'realtime' } });
    await expect(session).rejects.toMatchObject({
      status: 403,
      code: 'unmetered',
      message: expect.stringContaining('A realtime session goes over a socket'),
    });
    expect(fake.upstream.requests).toHaveLength(0);
  });

  it('hears speech as a stream, charged by what its last event says', async () => {
    fake.upstream.setReply({
      body:
        'data: {"type":"speech.audio.delta","audio":"UklGRg=="}\n\n' +
        'data: {"type":"speech.audio.done","usage":{"input_tokens":1000,"output_tokens":100,"total_tokens":1100}}\n\n',
      headers: { 'content-type': 'text/event-stream' },
    });
    const speech = await client.audio.speech.create({
      model: 'gpt-4o-mini-tts',
      voice: 'alloy',
      input: 'Noon.',
      stream_format: 'sse',
    });
    expect(await speech.text()).toContain('speech.audio.done');
    const [entry] = await fake.entries();
    expect(entry).toMatchObject({
      operation: 'speech',
      stream: true,
      outcome: 'completed',
      usage: { inputTokens: 1000, outputTokens: 100 },
    });
    // 1000 × 0.60 + 100 × 12, per million.
    expect(totalOf(entry)).toBe('0.0018');
  });

  it('reads a transcription as a stream, and aborted as an estimate', async () => {
    const deltas = Array.from(
      { length: 3 },
      () => 'data: {"type":"transcript.text.delta","delta":"word "}\n\n',
    );
    fake.upstream.setReply({
      body: `${deltas.join('')}data: {"type":"transcript.text.done","text":"word word word","usage":{"type":"tokens","input_tokens":1000,"input_token_details":{"text_tokens":0,"audio_tokens":1000},"output_tokens":100,"total_tokens":1100}}\n\n`,
      headers: { 'content-type': 'text/event-stream' },
    });
    const file = await toFile(Buffer.from('RIFF'), 'a.wav');
    const stream = await client.audio.transcriptions.create({
      model: 'gpt-4o-mini-transcribe',
      file,
      stream: true,
    });
    let text = '';
    for await (const event of stream) if (event.type === 'transcript.text.delta') text += event.delta;
    expect(text).toBe('word word word ');
    expect(await fake.entries()).toMatchObject([
      {
        operation: 'transcription',
        usage: { inputAudioTokens: 1000, outputTokens: 100 },
        cost: { basis: 'computed' },
      },
    ]);
  });
});
