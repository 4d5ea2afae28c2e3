import Anthropic from '@anthropic-ai/sdk';
import { anthropic } from '@genops/anthropic';
import { amountOf, type LedgerEntry, withAttribution, withBaseUrl } from '@genops/core';
import { openai } from '@genops/openai';
import { anthropicFormat, openaiFormat } from '@genops/testing';
import OpenAI, { toFile } from 'openai';
import { beforeEach, describe, expect, it } from 'vitest';
import { governedAgainst, totalOf } from './governed.ts';

/** The same server under its other name, so that two providers are at two addresses. */
const openaiUrl = (url: string): string => `${url.replace('127.0.0.1', 'localhost')}/v1`;

const fake = governedAgainst([openaiFormat, anthropicFormat], ({ url }) => [
  withBaseUrl(anthropic, url),
  withBaseUrl(openai, openaiUrl(url)),
]);

async function sum(): Promise<string | undefined> {
  const [row] = await fake.governor.ledger.sum({ by: [] });
  return row && amountOf(row.cost);
}

function kinds(entries: readonly LedgerEntry[]): readonly string[] {
  return entries.map(({ kind, flags = [] }) => `${kind} ${flags.join(' ')}`);
}

describe('the Anthropic client', () => {
  const batch = (fields: object = {}) => ({
    id: 'msgbatch_1',
    type: 'message_batch',
    processing_status: 'in_progress',
    request_counts: { processing: 2, succeeded: 0, errored: 0, canceled: 0, expired: 0 },
    created_at: '2026-11-30T00:00:00Z',
    expires_at: '2026-12-01T00:00:00Z',
    results_url: null,
    ...fields,
  });
  const ask = (customId: string, model: string, cap: number) => ({
    custom_id: customId,
    params: { model, max_tokens: cap, messages: [{ role: 'user' as const, content: 'Hi' }] },
  });
  const message = (model: string, output: number) => ({
    id: `msg_${model}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [{ type: 'text', text: 'Là.' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 1000, output_tokens: output, service_tier: 'batch' },
  });
  const results = [
    { custom_id: 'one', result: { type: 'succeeded', message: message('claude-sonnet-4-6', 100) } },
    { custom_id: 'two', result: { type: 'succeeded', message: message('claude-haiku-4-5', 200) } },
    { custom_id: 'three', result: { type: 'expired' } },
  ]
    .map((line) => JSON.stringify(line))
    .join('\n');
  const requests = [
    ask('one', 'claude-sonnet-4-6', 1000),
    ask('two', 'claude-haiku-4-5', 500),
    ask('three', 'claude-haiku-4-5', 500),
  ];
  /** Half of 1000 × 3 + 100 × 15, and half of 1000 × 1 + 200 × 5, per million. */
  const spent = '0.00325';

  let client: Anthropic;
  beforeEach(() => {
    client = fake.governor.wrap(new Anthropic({ baseURL: fake.upstream.url, apiKey: fake.upstream.apiKey }));
    const rule = (path: string, body: unknown): void =>
      void fake.upstream.addRule({ when: { path }, reply: { body } });
    rule('/v1/messages/batches', batch());
    rule(
      '/v1/messages/batches/msgbatch_1',
      batch({
        processing_status: 'ended',
        results_url: `${fake.upstream.url}/v1/messages/batches/msgbatch_1/results`,
      }),
    );
    rule('/v1/messages/batches/msgbatch_1/results', results);
  });

  async function read(): Promise<number> {
    let lines = 0;
    for await (const _ of await client.messages.batches.results('msgbatch_1')) lines += 1;
    return lines;
  }

  it('orders a batch, which counts as the most that it can come to at half the price', async () => {
    await client.messages.batches.create({ requests });
    const [entry] = await fake.entries();
    expect(entry).toMatchObject({
      operation: 'batch',
      requestModel: 'claude-sonnet-4-6',
      responseId: 'msgbatch_1',
      flags: ['results_pending'],
      cost: { result: 'priced', basis: 'estimated' },
    });
    // The outputs alone: half of 1000 × 15 and twice half of 500 × 5, and some input.
    const held = Number(totalOf(entry));
    expect(held).toBeGreaterThan(0.01);
    expect(held).toBeLessThan(0.015);
    expect(totalOf(entry)).toBe(entry?.held && amountOf(entry.held));
  });

  it('reads results, each of which is booked for whom it was ordered, and takes the bound back', async () => {
    await withAttribution({ team: 'search' }, () => client.messages.batches.create({ requests }));
    expect(await read()).toBe(3);
    const entries = await fake.entries();
    expect(kinds(entries)).toEqual([
      'settled results_pending',
      'settled result',
      'settled result',
      'correction results_read',
    ]);
    expect(entries.slice(1, 3)).toMatchObject([
      { requestModel: 'claude-sonnet-4-6', serviceTier: 'batch', attribution: { team: 'search' } },
      { requestModel: 'claude-haiku-4-5', usage: { inputTokens: 1000, outputTokens: 200 } },
    ]);
    expect(await sum()).toBe(spent);
  });

  it('books nothing twice, however often results are read, also by two at once', async () => {
    await client.messages.batches.create({ requests });
    await Promise.all([read(), read()]);
    await read();
    expect(await sum()).toBe(spent);
    expect(await fake.entries()).toHaveLength(4);
  });

  it('books what was read of results that are left early, and keeps the bound until all are read', async () => {
    await client.messages.batches.create({ requests });
    for await (const _ of await client.messages.batches.results('msgbatch_1')) break;
    expect((await fake.entries()).map(({ kind }) => kind)).not.toContain(undefined);
    await read();
    expect(await sum()).toBe(spent);
  });

  it('books results of a batch that was ordered elsewhere', async () => {
    expect(await read()).toBe(3);
    expect(kinds(await fake.entries())).toEqual(['settled result', 'settled result']);
    expect(await sum()).toBe(spent);
  });

  it('is refused a batch that does not fit, and nothing is sent', async () => {
    await fake.limitTo('0.01');
    client = fake.governor.wrap(new Anthropic({ baseURL: fake.upstream.url, apiKey: fake.upstream.apiKey }));
    await expect(client.messages.batches.create({ requests })).rejects.toMatchObject({ status: 429 });
    expect(fake.upstream.requests).toHaveLength(0);
  });

  it('is refused a batch of which one model has no price, under a money limit', async () => {
    await fake.limitTo('10');
    client = fake.governor.wrap(new Anthropic({ baseURL: fake.upstream.url, apiKey: fake.upstream.apiKey }));
    await expect(
      client.messages.batches.create({ requests: [...requests, ask('four', 'claude-99-imaginary', 9)] }),
    ).rejects.toMatchObject({ status: 403 });
    expect(fake.upstream.requests).toHaveLength(0);
  });

  it('charges nothing for an order that was turned down', async () => {
    fake.upstream.reset();
    fake.upstream.setReply({ status: 400 });
    await expect(client.messages.batches.create({ requests })).rejects.toMatchObject({ status: 400 });
    expect(totalOf((await fake.entries())[0])).toBe('0');
  });

  it('lists, looks up, cancels and deletes for nothing', async () => {
    fake.upstream.addRule({
      when: ({ method, path }) => method === 'GET' && path === '/v1/messages/batches',
      reply: { body: { data: [batch()], has_more: false, first_id: null, last_id: null } },
    });
    fake.upstream.addRule({
      when: { path: '/v1/messages/batches/msgbatch_1/cancel' },
      reply: { body: batch() },
    });
    await client.messages.batches.list();
    await client.messages.batches.retrieve('msgbatch_1');
    await client.messages.batches.cancel('msgbatch_1');
    await client.messages.batches.delete('msgbatch_1');
    expect(fake.upstream.requests.map(({ method }) => method)).toEqual(['GET', 'GET', 'POST', 'DELETE']);
    expect(await fake.entries()).toEqual([]);
  });
});

describe('the openai client', () => {
  const order = {
    input_file_id: 'file-1',
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  } as const;
  const line = (index: number, output: number) => ({
    id: `batch_req_${index}`,
    custom_id: `question-${index}`,
    response: {
      status_code: 200,
      request_id: `req_${index}`,
      body: {
        id: `chatcmpl-${index}`,
        object: 'chat.completion',
        model: 'gpt-4o-mini-2024-07-18',
        choices: [],
        usage: { prompt_tokens: 1000, completion_tokens: output, total_tokens: 1000 + output },
      },
    },
    error: null,
  });

  let client: OpenAI;
  beforeEach(() => {
    client = fake.governor.wrap(
      new OpenAI({ baseURL: openaiUrl(fake.upstream.url), apiKey: fake.upstream.apiKey }),
    );
    fake.upstream.addRule({
      when: { path: '/v1/files' },
      reply: { body: { id: 'file-1', object: 'file', purpose: 'batch', filename: 'a.jsonl', bytes: 2 } },
    });
    fake.upstream.addRule({
      when: { path: '/v1/batches' },
      reply: { body: { id: 'batch_1', object: 'batch', status: 'validating' } },
    });
  });

  it('uploads and orders, where no money limit is enforced: recorded, and not as nothing', async () => {
    await client.files.create({ file: await toFile(Buffer.from('{}'), 'a.jsonl'), purpose: 'batch' });
    await client.batches.create(order);
    const [entry] = await fake.entries();
    expect(entry).toMatchObject({
      operation: 'batch',
      responseId: 'batch_1',
      outcome: 'completed',
      cost: { result: 'unpriced', reason: 'unmetered' },
    });
    expect(await fake.entries()).toHaveLength(1);
  });

  it('is refused by name under a money limit, because nothing says what a file will cost', async () => {
    await fake.limitTo('100');
    client = fake.governor.wrap(
      new OpenAI({ baseURL: openaiUrl(fake.upstream.url), apiKey: fake.upstream.apiKey }),
    );
    await expect(client.batches.create(order)).rejects.toMatchObject({
      status: 403,
      code: 'unmetered',
      error: { reason_code: 'x_unmetered' },
    });
    expect(fake.upstream.requests).toHaveLength(0);
    expect(await fake.entries()).toMatchObject([{ kind: 'refused' }]);
  });

  describe('whose input was uploaded through here', () => {
    const ask = (index: number, body: object, url = '/v1/chat/completions') =>
      JSON.stringify({ custom_id: `question-${index}`, method: 'POST', url, body });
    const chat = {
      model: 'gpt-4o-mini',
      max_completion_tokens: 500,
      messages: [{ role: 'user', content: 'Hi' }],
    };
    const input = [ask(1, chat), ask(2, { ...chat, max_completion_tokens: 300 })];
    const output = [line(1, 100), line(2, 300)].map((one) => JSON.stringify(one)).join('\n');
    const state = (fields: object) => ({
      id: 'batch_1',
      object: 'batch',
      created_at: Math.floor(Date.now() / 1000),
      ...fields,
    });

    async function upload(lines: readonly string[], purpose: 'batch' | 'user_data' = 'batch'): Promise<void> {
      await client.files.create({ file: await toFile(Buffer.from(lines.join('\n')), 'a.jsonl'), purpose });
    }
    async function limitTo(amount: string): Promise<void> {
      await fake.limitTo(amount);
      client = fake.governor.wrap(
        new OpenAI({ baseURL: openaiUrl(fake.upstream.url), apiKey: fake.upstream.apiKey }),
      );
    }

    it('counts as the most that its requests can come to, until its output was read', async () => {
      await limitTo('1');
      await upload(input);
      await withAttribution({ team: 'search' }, () => client.batches.create(order));
      const [entry] = await fake.entries();
      expect(entry).toMatchObject({
        operation: 'batch',
        requestModel: 'gpt-4o-mini',
        flags: ['results_pending'],
      });
      // 800 tokens at half of 0.60 per million, and some input.
      expect(Number(totalOf(entry))).toBeGreaterThan(0.00024);
      expect(Number(totalOf(entry))).toBeLessThan(0.00035);
      fake.upstream.addRule({
        when: { path: '/v1/batches/batch_1' },
        reply: { body: state({ status: 'completed', output_file_id: 'file-2' }) },
      });
      fake.upstream.addRule({ when: { path: '/v1/files/file-2/content' }, reply: { body: output } });
      const { output_file_id: file } = await client.batches.retrieve('batch_1');
      const read = async () => (await client.files.content(file ?? '')).text();
      await Promise.all([read(), read()]);
      await read();
      expect(kinds(await fake.entries()).toSorted()).toEqual([
        'correction results_read',
        'settled result',
        'settled result',
        'settled results_pending',
      ]);
      const [row] = await fake.governor.ledger.sum({ by: ['team'] });
      expect(row && [amountOf(row.cost), row.group['team']]).toEqual(['0.00027', 'search']);
    });

    it('is refused when it does not fit, and nothing is sent', async () => {
      await limitTo('0.0001');
      await upload(input);
      await expect(client.batches.create(order)).rejects.toMatchObject({ status: 429 });
      expect(fake.upstream.requests.map(({ path }) => path)).toEqual(['/v1/files']);
    });

    it('counts nothing once it has ended without an answer', async () => {
      await limitTo('1');
      await upload(input);
      await client.batches.create(order);
      const look = async (fields: object): Promise<void> => {
        fake.upstream.addRule({
          when: { path: '/v1/batches/batch_1' },
          reply: { body: state(fields) },
          times: 1,
        });
        await client.batches.retrieve('batch_1');
      };
      await look({ status: 'in_progress' });
      expect(Number(await sum())).toBeGreaterThan(0);
      await look({ status: 'expired', output_file_id: null });
      expect(await sum()).toBe('0');
    });

    it.each([
      [
        'asks for what nobody can bound',
        [ask(1, { model: 'gpt-image-2', prompt: 'x' }, '/v1/images/generations')],
      ],
      ['is no JSON', ['{']],
      ['has a request that nobody could serve', [ask(1, { model: 'gpt-4o-mini' })]],
      ['is empty', ['']],
    ])('is refused by name like one that nobody saw when it %s', async (_, lines) => {
      await limitTo('1');
      await upload(lines);
      await expect(client.batches.create(order)).rejects.toMatchObject({ status: 403, code: 'unmetered' });
    });

    it('is no order when it was uploaded for something else', async () => {
      await limitTo('1');
      await upload(input, 'user_data');
      await expect(client.batches.create(order)).rejects.toMatchObject({ status: 403, code: 'unmetered' });
    });
  });

  it('books the answers in an output file once, at half the price', async () => {
    const output = [line(1, 100), line(2, 300)].map((one) => JSON.stringify(one)).join('\n');
    fake.upstream.addRule({ when: { path: '/v1/files/file-2/content' }, reply: { body: `${output}\n` } });
    for (let read = 0; read < 2; read += 1) {
      const content = await client.files.content('file-2');
      expect(await content.text()).toBe(`${output}\n`);
    }
    // Half of 2000 × 0.15 + 400 × 0.60, per million.
    expect(await sum()).toBe('0.00027');
    expect(kinds(await fake.entries())).toEqual(['settled result', 'settled result']);
  });

  it('passes any other file on as it is', async () => {
    const bytes = Buffer.from([0, 255, 10, 10, 123, 10]);
    fake.upstream.addRule({ when: { path: '/v1/files/file-3/content' }, reply: { body: bytes } });
    const content = await client.files.content('file-3');
    expect(Buffer.from(await content.arrayBuffer())).toEqual(bytes);
    expect(await fake.entries()).toEqual([]);
  });
});
