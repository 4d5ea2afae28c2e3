import { once } from 'node:events';
import { request } from 'node:http';
import Anthropic from '@anthropic-ai/sdk';
import { amountOf } from '@genops/core';
import { createMemoryLedger } from '@genops/ledger/memory';
import { anthropicFormat, type FakeUpstream, openaiFormat, startFakeUpstream } from '@genops/testing';
import OpenAI, { toFile } from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkConfig } from '../src/config.ts';
import { type RunningProxy, startProxy } from '../src/proxy.ts';

const virtualKey = 'gk-test-0123456789abcdef';

let upstream: FakeUpstream;
let proxy: RunningProxy;
const errors: unknown[] = [];

beforeEach(async () => {
  upstream = await startFakeUpstream({ formats: [openaiFormat, anthropicFormat] });
});
afterEach(async () => {
  await proxy.close();
  await upstream.close();
  expect(errors.splice(0)).toEqual([]);
});

async function start(
  account: 'apart' | 'shared',
  key: object = { apiKey: 'env:UPSTREAM_KEY' },
): Promise<void> {
  const at = { apiKey: 'env:UPSTREAM_KEY', account };
  proxy = await startProxy({
    config: checkConfig({
      server: { port: 0, shutdownGraceMs: 100, maxRequestBytes: 10_000 },
      providers: [
        { type: 'openai', baseUrl: `${upstream.url}/v1`, models: ['gpt-*'], account, ...key },
        { type: 'anthropic', baseUrl: upstream.url, models: ['claude-*'], ...at },
      ],
      virtualKeys: [{ id: 'search', secret: 'env:VIRTUAL_KEY', attribution: { team: 'search' } }],
      limits: [{ id: 'cap', amount: '10', window: 'lifetime' }],
    }),
    ledger: createMemoryLedger(),
    environment: {
      UPSTREAM_KEY: upstream.apiKey,
      VIRTUAL_KEY: virtualKey,
      STALE_KEY: 'sk-stale-0123456789',
      OTHER_KEY: 'sk-other-0123456789',
    },
    onError: (error) => errors.push(error),
  });
}

function anthropic(): Anthropic {
  return new Anthropic({ baseURL: proxy.url, apiKey: virtualKey, maxRetries: 0 });
}

function openai(): OpenAI {
  return new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: virtualKey, maxRetries: 0 });
}

const messages = [{ role: 'user' as const, content: 'Hi' }];
const entries = async () => (await proxy.governor.ledger.entries()).entries;

describe('what costs nothing', () => {
  it('is passed on with the provider’s own key, and leaves no entry', async () => {
    await start('apart');
    const count = await anthropic().messages.countTokens({ model: 'claude-haiku-4-5', messages });
    expect(count.input_tokens).toBeGreaterThan(0);
    upstream.setReply({ body: { id: 'modr-1', results: [] } });
    await openai().moderations.create({ input: 'x' });
    const [first, second] = upstream.requests;
    expect(first?.headers).toMatchObject({
      'x-api-key': upstream.apiKey,
      'anthropic-version': expect.any(String),
    });
    expect(second?.headers).toMatchObject({ authorization: `Bearer ${upstream.apiKey}` });
    expect(JSON.stringify(upstream.requests.map(({ headers }) => headers))).not.toContain(virtualKey);
    expect(await entries()).toEqual([]);
  });

  it('is passed back as it came, errors included', async () => {
    await start('apart');
    upstream.setReply({ status: 429, headers: { 'retry-after': '7' } });
    await expect(
      anthropic().messages.countTokens({ model: 'claude-haiku-4-5', messages }),
    ).rejects.toMatchObject({ status: 429, headers: expect.objectContaining({}) });
  });

  it('goes out with a good key of a pool, always the same one while it can be used', async () => {
    const keys = [
      { id: 'stale', secret: 'env:STALE_KEY' },
      { id: 'other-models', secret: 'env:OTHER_KEY', models: ['gpt-4o'] },
      { id: 'good', secret: 'env:UPSTREAM_KEY' },
    ];
    await start('shared', { keys });
    upstream.setReply({ body: { object: 'list', data: [] } });
    const sent = () => upstream.requests.map(({ headers }) => headers.authorization);
    // The provider knows nothing of the first: it is put aside, and not asked with again.
    await expect(openai().files.list()).rejects.toMatchObject({ status: 401 });
    await expect(openai().files.list()).rejects.toMatchObject({ status: 401 });
    await openai().files.list();
    await openai().files.list();
    await openai().moderations.create({ model: 'gpt-4o-mini', input: 'x' });
    const bearer = (key: string) => `Bearer ${key}`;
    const good = bearer(upstream.apiKey);
    expect(sent()).toEqual([bearer('sk-stale-0123456789'), bearer('sk-other-0123456789'), good, good, good]);
    expect(proxy.governor.router.keys.list().map(({ id, state }) => [id, state])).toEqual([
      ['stale', 'invalid'],
      ['other-models', 'invalid'],
      ['good', 'available'],
    ]);
    expect(await entries()).toEqual([]);
  });

  it('is refused when no key of the pool can be used', async () => {
    await start('shared', { keys: [{ id: 'stale', secret: 'env:STALE_KEY' }] });
    await expect(openai().files.list()).rejects.toMatchObject({ status: 401 });
    await expect(openai().files.list()).rejects.toMatchObject({ status: 503, code: 'no_key_available' });
    expect(upstream.requests).toHaveLength(1);
  });

  it('needs a virtual key like everything else', async () => {
    await start('shared');
    const answer = await fetch(`${proxy.url}/v1/files`, { headers: { authorization: 'Bearer wrong' } });
    expect(answer.status).toBe(401);
    expect(upstream.requests).toEqual([]);
  });

  it('may not be too large', async () => {
    await start('apart');
    await expect(openai().moderations.create({ input: 'x'.repeat(20_000) })).rejects.toMatchObject({
      status: 413,
    });
  });

  it('says so when the provider is not there', async () => {
    await start('apart');
    await upstream.close();
    await expect(openai().moderations.create({ input: 'x' })).rejects.toMatchObject({
      status: 502,
      code: 'provider_unreachable',
    });
    upstream = await startFakeUpstream();
  });
});

describe('what the account keeps', () => {
  it.each([
    ['files', () => openai().files.list()],
    ['answers', () => openai().responses.retrieve('resp_1')],
    ['batches', () => anthropic().messages.batches.list()],
    ['output', () => openai().files.content('file-1')],
  ])('is not for every key to see: %s', async (_, ask) => {
    await start('apart');
    await expect(ask()).rejects.toMatchObject({ status: 403 });
    expect(upstream.requests).toEqual([]);
  });

  it('is, where the configuration shares it', async () => {
    await start('shared');
    upstream.setReply({ body: { object: 'list', data: [] } });
    await openai().files.list();
    expect(upstream.requests).toHaveLength(1);
  });
});

describe('a batch', () => {
  it('is held at half the price, and its results are booked once where they pass', async () => {
    await start('shared');
    const batch = { id: 'msgbatch_1', type: 'message_batch', processing_status: 'ended' };
    const results = `${upstream.url}/v1/messages/batches/msgbatch_1/results`;
    const message = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-haiku-4-5',
      content: [{ type: 'text', text: 'x' }],
      usage: { input_tokens: 1000, output_tokens: 200, service_tier: 'batch' },
    };
    upstream.addRule({ when: { path: '/v1/messages/batches' }, reply: { body: batch } });
    upstream.addRule({
      when: { path: '/v1/messages/batches/msgbatch_1' },
      reply: { body: { ...batch, results_url: results } },
    });
    upstream.addRule({
      when: { path: '/v1/messages/batches/msgbatch_1/results' },
      reply: { body: `${JSON.stringify({ custom_id: 'a', result: { type: 'succeeded', message } })}\n` },
    });
    const params = { model: 'claude-haiku-4-5', max_tokens: 500, messages };
    await anthropic().messages.batches.create({ requests: [{ custom_id: 'a', params }] });
    const looked = await anthropic().messages.batches.retrieve('msgbatch_1');
    expect(looked.results_url).toBe(`${proxy.url}/v1/messages/batches/msgbatch_1/results`);
    for (let read = 0; read < 2; read += 1) {
      const lines = [];
      for await (const line of await anthropic().messages.batches.results('msgbatch_1')) lines.push(line);
      expect(lines).toMatchObject([{ custom_id: 'a' }]);
    }
    expect((await entries()).map(({ kind, flags }) => [kind, flags?.[0]])).toEqual([
      ['settled', 'results_pending'],
      ['settled', 'result'],
      ['correction', 'results_read'],
    ]);
    const [sum] = await proxy.governor.ledger.sum({ by: ['team'] });
    // Half of 1000 × 1 + 200 × 5, per million.
    expect(sum && amountOf(sum.cost)).toBe('0.001');
    expect(sum?.group).toEqual({ team: 'search' });
  });
});

describe('a batch of OpenAI', () => {
  it('is held for the requests of the file that was uploaded, by a provider of some models, and booked once', async () => {
    await start('shared');
    const body = { model: 'gpt-4o-mini', max_completion_tokens: 500, messages };
    const request = { custom_id: 'a', method: 'POST', url: '/v1/chat/completions', body };
    const batch = { id: 'batch_1', object: 'batch', created_at: Math.floor(Date.now() / 1000) };
    const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
    const answer = { id: 'c', object: 'chat.completion', model: 'gpt-4o-mini', choices: [], usage };
    const rule = (method: string, path: string, reply: unknown): void =>
      void upstream.addRule({
        when: ({ method: asked, path: at }) => asked === method && at === path,
        reply: { body: reply },
      });
    rule('POST', '/v1/files', { id: 'file-in', object: 'file', purpose: 'batch' });
    rule('POST', '/v1/batches', { ...batch, status: 'validating' });
    rule('GET', '/v1/batches/batch_1', { ...batch, status: 'completed', output_file_id: 'file-out' });
    const line = { id: 'batch_req_1', custom_id: 'a', response: { status_code: 200, body: answer } };
    rule('GET', '/v1/files/file-out/content', JSON.stringify(line));
    const file = await toFile(Buffer.from(JSON.stringify(request)), 'in.jsonl');
    expect((await openai().files.create({ file, purpose: 'batch' })).id).toBe('file-in');
    const order = {
      input_file_id: 'file-in',
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    } as const;
    await openai().batches.create(order);
    expect(await entries()).toMatchObject([{ requestModel: 'gpt-4o-mini', flags: ['results_pending'] }]);
    const { output_file_id: output } = await openai().batches.retrieve('batch_1');
    for (let read = 0; read < 2; read += 1) await (await openai().files.content(output ?? '')).text();
    const [sum] = await proxy.governor.ledger.sum({ by: ['team'] });
    // Half of 1000 × 0.15 + 100 × 0.60, per million.
    expect(sum && [amountOf(sum.cost), sum.group['team']]).toEqual(['0.000105', 'search']);
    expect(await entries()).toHaveLength(3);
  });
});

describe('a response in the background', () => {
  it('counts as the most that it can come to, and is booked once when it is read', async () => {
    await start('shared');
    const usage = { input_tokens: 1000, output_tokens: 200, total_tokens: 1200 };
    const response = {
      id: 'resp_1',
      object: 'response',
      created_at: Math.floor(Date.now() / 1000),
      background: true,
      model: 'gpt-4o-mini',
      output: [],
    };
    upstream.addRule({ when: { path: '/v1/responses' }, reply: { body: { ...response, status: 'queued' } } });
    upstream.addRule({
      when: { path: '/v1/responses/resp_1' },
      reply: { body: { ...response, status: 'completed', usage } },
    });
    await openai().responses.create({ model: 'gpt-4o-mini', input: 'Hi', background: true });
    expect(await entries()).toMatchObject([{ flags: ['results_pending'] }]);
    await Promise.all([openai().responses.retrieve('resp_1'), openai().responses.retrieve('resp_1')]);
    const [sum] = await proxy.governor.ledger.sum({ by: ['team'] });
    expect(sum && [amountOf(sum.cost), sum.group['team']]).toEqual(['0.00027', 'search']);
    expect(await entries()).toHaveLength(3);
  });
});

describe('a socket', () => {
  it('is refused by name, and nothing is sent', async () => {
    await start('shared');
    const { hostname, port } = new URL(proxy.url);
    const upgrade = request({
      hostname,
      port,
      path: '/v1/realtime?model=gpt-realtime',
      headers: {
        authorization: `Bearer ${virtualKey}`,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    });
    upgrade.end();
    const [response] = await once(upgrade, 'response');
    let body = '';
    for await (const chunk of response) body += String(chunk);
    expect(response.statusCode).toBe(403);
    expect(JSON.parse(body)).toMatchObject({
      error: { code: 'unmetered', message: expect.stringContaining('A realtime session goes over a socket') },
    });
    expect(upstream.requests).toEqual([]);
  });

  it('is told so over HTTP too', async () => {
    await start('shared');
    await expect(
      openai().realtime.clientSecrets.create({ session: { type: 'realtime' } }),
    ).rejects.toMatchObject({ status: 403, code: 'unmetered' });
  });
});
