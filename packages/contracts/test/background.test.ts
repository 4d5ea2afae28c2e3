import { amountOf, type LedgerEntry, withAttribution, withBaseUrl } from '@genops/core';
import { createGovernor, type Governor } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

let upstream: FakeUpstream;
/** Two processes that share a ledger, as replicas do. */
let governors: readonly [Governor, Governor];
const errors: unknown[] = [];

beforeAll(async () => {
  upstream = await startFakeUpstream();
});
afterAll(() => upstream.close());
beforeEach(() => {
  const ledger = createMemoryLedger();
  const govern = (): Governor =>
    createGovernor({
      providers: [withBaseUrl(openai, `${upstream.url}/v1`)],
      ledger,
      policy: { limits: [{ id: 'cap', amount: '10', window: 'lifetime' }] },
      routing: false,
      onError: (error) => errors.push(error),
    });
  governors = [govern(), govern()];
});
afterEach(async () => {
  await Promise.all(governors.map((governor) => governor.close()));
  upstream.reset();
  expect(errors.splice(0)).toEqual([]);
});

const client = (which: 0 | 1 = 0): OpenAI =>
  governors[which].wrap(new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey }));
const entries = async (): Promise<readonly LedgerEntry[]> => (await governors[0].ledger.entries()).entries;
const kinds = async () =>
  (await entries()).map(({ kind, flags = [] }) => `${kind} ${flags.join(' ')}`.trim());
async function spent(): Promise<string | undefined> {
  const [row] = await governors[0].ledger.sum({ by: ['team'] });
  return row && `${amountOf(row.cost)} ${row.group['team']}`;
}

const id = 'resp_0123456789';
const usage = {
  input_tokens: 1000,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 200,
  output_tokens_details: { reasoning_tokens: 100 },
  total_tokens: 1200,
};
/** 1000 × 0.15 + 200 × 0.60, per million, for whom it was ordered. */
const exact = '0.00027 search';

const response = (status: string, more: object = {}) => ({
  id,
  object: 'response',
  created_at: Math.floor(Date.now() / 1000),
  status,
  background: true,
  model: 'gpt-4o-mini-2024-07-18',
  output: [],
  usage: null,
  error: null,
  ...more,
});
const events = (...list: readonly { type: string }[]): string =>
  list.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
const delta = { type: 'response.output_text.delta', delta: 'Noon', sequence_number: 2, item_id: 'i' };

function answerWith(ordered: unknown, read: unknown, readType = 'application/json'): void {
  upstream.reset();
  upstream.addRule({ when: { path: '/v1/responses' }, reply: { body: ordered } });
  upstream.addRule({
    when: { path: `/v1/responses/${id}` },
    reply: {
      body: typeof read === 'string' ? read : JSON.stringify(read, null, 2),
      headers: { 'content-type': readType },
    },
  });
}
const question = {
  model: 'gpt-4o-mini',
  input: 'What time is it?',
  background: true,
  max_output_tokens: 500,
} as const;
const order = (which: 0 | 1 = 0) =>
  withAttribution({ team: 'search' }, () => client(which).responses.create(question));

describe('work of OpenAI in the background', () => {
  it('counts as the most that it can come to until somebody reads what it came to', async () => {
    answerWith(response('queued'), response('in_progress'));
    expect((await order()).status).toBe('queued');
    const [entry] = await entries();
    expect(entry).toMatchObject({ responseId: id, flags: ['results_pending'], cost: { basis: 'estimated' } });
    expect(entry?.cost.result === 'priced' && amountOf(entry.cost.total)).toBe(
      entry?.held && amountOf(entry.held),
    );
    await client().responses.retrieve(id);
    expect(await kinds()).toEqual(['settled results_pending']);
  });

  it('is booked once for whom it was ordered, however often it is read, by two at once and by another process', async () => {
    answerWith(response('queued'), response('completed', { usage }));
    await order();
    const [first] = await Promise.all([
      client().responses.retrieve(id),
      client().responses.retrieve(id),
      client(1).responses.retrieve(id),
    ]);
    expect(first.usage).toEqual(usage);
    await client(1).responses.retrieve(id);
    expect(await kinds()).toEqual(['settled results_pending', 'settled result', 'correction results_read']);
    expect(await spent()).toBe(exact);
  });

  it('is booked by the rest of a stream that was left, which went on without its reader', async () => {
    const begun = events({ type: 'response.created', ...{ response: response('in_progress') } }, delta);
    answerWith(
      '',
      events({ type: 'response.completed', ...{ response: response('completed', { usage }) } }),
      'text/event-stream',
    );
    upstream.addRule({
      when: ({ path, method }) => method === 'POST' && path === '/v1/responses',
      reply: { body: begun, headers: { 'content-type': 'text/event-stream' } },
    });
    const stream = await withAttribution({ team: 'search' }, () =>
      client().responses.create({ ...question, stream: true }),
    );
    for await (const event of stream) if (event.type === delta.type) break;
    await expect.poll(kinds).toEqual(['settled results_pending']);
    const rest = await client(1).responses.retrieve(id, { stream: true, starting_after: 2 });
    for await (const _ of rest) {
      // To its end.
    }
    expect(await kinds()).toEqual(['settled results_pending', 'settled result', 'correction results_read']);
    expect(await spent()).toBe(exact);
  });

  it('is not booked again when its stream was read to the end', async () => {
    const all = events({ type: 'response.created', ...{ response: response('in_progress') } }, delta, {
      type: 'response.completed',
      ...{ response: response('completed', { usage }) },
    });
    answerWith('', response('completed', { usage }));
    upstream.addRule({
      when: ({ path, method }) => method === 'POST' && path === '/v1/responses',
      reply: { body: all, headers: { 'content-type': 'text/event-stream' } },
    });
    const stream = await withAttribution({ team: 'search' }, () =>
      client().responses.create({ ...question, stream: true }),
    );
    for await (const _ of stream) {
      // To its end.
    }
    await client().responses.retrieve(id);
    expect(await kinds()).toEqual(['settled']);
    expect(await spent()).toBe(exact);
  });

  it('costs nothing when it failed, and keeps counting when it was cancelled', async () => {
    answerWith(response('queued'), response('failed', { error: { code: 'server_error', message: 'x' } }));
    await order();
    await client().responses.retrieve(id);
    expect(await spent()).toBe('0 search');
    answerWith(response('queued', { id: 'resp_2' }), response('cancelled', { id: 'resp_2' }));
    upstream.addRule({
      when: { path: '/v1/responses/resp_2' },
      reply: { body: response('cancelled', { id: 'resp_2' }) },
    });
    await order();
    await client().responses.retrieve('resp_2');
    expect((await kinds()).slice(2)).toEqual(['settled results_pending']);
  });

  it('leaves alone what was not in the background, or was ordered elsewhere', async () => {
    answerWith(
      response('completed', { usage, background: false }),
      response('completed', { usage, background: false }),
    );
    await withAttribution({ team: 'search' }, () =>
      client().responses.create({ ...question, background: false }),
    );
    await client().responses.retrieve(id);
    expect(await kinds()).toEqual(['settled']);
    answerWith(response('queued'), response('completed', { usage, id: 'resp_of_others' }));
    await client().responses.retrieve(id);
    expect(await spent()).toBe(exact);
  });
});
