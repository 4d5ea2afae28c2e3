import { amountOf, type LedgerEntry, withAttribution, withBaseUrl } from '@genops/core';
import { google } from '@genops/google';
import { createGovernor, type Governor } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { type FakeUpstream, geminiFormat, startFakeUpstream } from '@genops/testing';
import { GoogleGenAI, JobState } from '@google/genai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

let upstream: FakeUpstream;
/** Two processes that share a ledger, as replicas do. */
let governors: readonly [Governor, Governor];
const errors: unknown[] = [];

beforeAll(async () => {
  upstream = await startFakeUpstream({ formats: [geminiFormat] });
});
afterAll(() => upstream.close());
afterEach(async () => {
  await Promise.all(governors.map((governor) => governor.close()));
  upstream.reset();
  expect(errors.splice(0)).toEqual([]);
});
beforeEach(() => start('10'));

function start(limit: string | undefined): void {
  const ledger = createMemoryLedger();
  const govern = (): Governor =>
    createGovernor({
      providers: [withBaseUrl(google, upstream.url)],
      ledger,
      ...(limit !== undefined && { policy: { limits: [{ id: 'cap', amount: limit, window: 'lifetime' }] } }),
      onError: (error) => errors.push(error),
    });
  governors = [govern(), govern()];
}

const client = (which: 0 | 1 = 0): GoogleGenAI =>
  new GoogleGenAI({
    apiKey: upstream.apiKey,
    httpOptions: { baseUrl: upstream.url, fetch: governors[which].fetch },
  });
const entries = async (): Promise<readonly LedgerEntry[]> => (await governors[0].ledger.entries()).entries;
const kinds = async () =>
  (await entries()).map(({ kind, flags = [] }) => `${kind} ${flags.join(' ')}`.trim());
async function spent(): Promise<string | undefined> {
  const [row] = await governors[0].ledger.sum({ by: ['team'] });
  return row && `${amountOf(row.cost)} ${row.group['team']}`;
}

const name = 'batches/abc123';
const model = 'gemini-2.5-flash';
const answer = (output: number) => ({
  candidates: [{ content: { role: 'model', parts: [{ text: 'Noon.' }] }, finishReason: 'STOP' }],
  usageMetadata: { promptTokenCount: 1000, candidatesTokenCount: output, totalTokenCount: 1000 + output },
  modelVersion: model,
  responseId: `r-${output}`,
});
const batch = (state: string, output?: object) => ({
  name,
  metadata: {
    model: `models/${model}`,
    state: `BATCH_STATE_${state}`,
    name,
    ...(output !== undefined && { output }),
  },
  ...(state !== 'RUNNING' && state !== 'PENDING' && { done: true }),
  ...(output !== undefined && { response: output }),
});
const inlined = {
  inlinedResponses: {
    inlinedResponses: [{ response: answer(100) }, { error: { code: 13 } }, { response: answer(200) }],
  },
};
/** Half of 2000 × 0.30 + 300 × 2.50, per million, for whom it was ordered. */
const exact = '0.000675 search';

function answerWith(looked: object): void {
  upstream.reset();
  upstream.addRule({
    when: { path: `/v1/models/${model}:batchGenerateContent` },
    reply: { body: batch('PENDING') },
  });
  upstream.addRule({
    when: { path: `/v1/${name}` },
    reply: { body: JSON.stringify(looked, null, 2), headers: { 'content-type': 'application/json' } },
  });
}
const ask = (text: string) => ({
  contents: [{ role: 'user', parts: [{ text }] }],
  config: { maxOutputTokens: 500 },
});
const order = () =>
  withAttribution({ team: 'search' }, () =>
    client().batches.create({ model, src: [ask('a'), ask('b'), ask('c')] }),
  );

describe('a batch of the Gemini API', () => {
  it('counts as the most that its requests can come to, at the price of a batch, until its answers are read', async () => {
    answerWith(batch('RUNNING'));
    expect((await order()).name).toBe(name);
    const [entry] = await entries();
    expect(entry).toMatchObject({
      operation: 'batch',
      responseId: name,
      flags: ['results_pending'],
      cost: { basis: 'estimated' },
    });
    const most = entry?.cost.result === 'priced' ? Number(amountOf(entry.cost.total)) : 0;
    // Three times 500 tokens at half of 2.50 per million, and some input.
    expect(most).toBeGreaterThan(0.001875);
    expect(most).toBeLessThan(0.0022);
    await client().batches.get({ name });
    expect(await kinds()).toEqual(['settled results_pending']);
  });

  it('is booked answer by answer, once, however often it is looked up, by two at once and by another process', async () => {
    answerWith(batch('SUCCEEDED', inlined));
    await order();
    const [job] = await Promise.all([
      client().batches.get({ name }),
      client().batches.get({ name }),
      client(1).batches.get({ name }),
    ]);
    expect(job.state).toBe(JobState.JOB_STATE_SUCCEEDED);
    expect(job.dest?.inlinedResponses).toHaveLength(3);
    await client(1).batches.get({ name });
    expect((await kinds()).toSorted()).toEqual([
      'correction results_read',
      'settled result',
      'settled result',
      'settled results_pending',
    ]);
    expect(await spent()).toBe(exact);
  });

  it('keeps counting when it was cancelled, and counts nothing when it failed', async () => {
    answerWith(batch('CANCELLED'));
    await order();
    await client().batches.get({ name });
    expect(await kinds()).toEqual(['settled results_pending']);
    answerWith(batch('FAILED'));
    await client().batches.get({ name });
    expect(await spent()).toBe('0 search');
  });

  it('is refused when it does not fit, and nothing is sent', async () => {
    start('0.001');
    answerWith(batch('RUNNING'));
    await expect(order()).rejects.toThrow('429');
    expect(upstream.requests).toEqual([]);
  });

  it.each([
    [
      'names a file',
      (): Promise<unknown> => client().batches.create({ model, src: { fileName: 'files/in-1' } }),
    ],
  ])('is refused by name under a money limit when it %s', async (_, send) => {
    answerWith(batch('PENDING'));
    await expect(send()).rejects.toThrow('unmetered');
    expect(upstream.requests).toEqual([]);
  });

  it('has the answers in its output file booked once where its requests were a file', async () => {
    start(undefined);
    answerWith(batch('SUCCEEDED', { responsesFile: 'files/out-1' }));
    await client().batches.create({ model, src: { fileName: 'files/in-1' } });
    expect(await entries()).toMatchObject([{ cost: { result: 'unpriced', reason: 'unmetered' } }]);
    await client().batches.get({ name });
    const file = [
      { key: 'a', response: answer(100) },
      { key: 'b', error: { code: 13, message: 'x' } },
      { key: 'c', response: answer(200) },
    ].map((line) => JSON.stringify(line));
    for (const path of ['/v1beta/files/out-1:download', '/download/v1beta/files/out-1:download']) {
      upstream.addRule({ when: { path }, reply: { body: file.join('\n') } });
      const read = await governors[0].fetch(`${upstream.url}${path}?alt=media`, {
        headers: { 'x-goog-api-key': upstream.apiKey },
      });
      expect((await read.text()).split('\n')).toEqual(file);
    }
    expect(await kinds()).toEqual(['settled', 'settled result', 'settled result']);
    expect(await spent()).toBe(exact.replace('search', 'null'));
  });
});
