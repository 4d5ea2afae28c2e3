import { amountOf, type LedgerEntry, type Money } from '@genops/core';
import { createGovernor, type Governor, type GovernorOptions } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type HeliconeAdapter,
  type HeliconeAdapterOptions,
  type HeliconeChatStream,
  helicone,
  instrumentHelicone,
} from './src/index.ts';

let upstream: FakeUpstream;
let governor: Governor;
const errors: unknown[] = [];

beforeAll(async () => {
  upstream = await startFakeUpstream();
});
afterAll(() => upstream.close());
afterEach(async () => {
  await governor.close();
  upstream.reset();
  expect(errors.splice(0)).toEqual([]);
});

/** 1000 in, 100 out: gpt-4o-mini 0.00021, claude-3-haiku 0.000375. */
const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };

function start(
  options: Partial<HeliconeAdapterOptions> = {},
  governorOptions: Partial<GovernorOptions> = {},
): HeliconeAdapter {
  governor = createGovernor({
    providers: [helicone],
    ledger: createMemoryLedger(),
    onError: (error) => errors.push(error),
    ...governorOptions,
  });
  upstream.setReply({ usage, text: 'Gladly and at once.' });
  return instrumentHelicone({
    governor,
    client: new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey }),
    routes: { openai: 'gpt-4o-mini', anthropic: 'claude-3-haiku-20240307' },
    team: 'ai-platform',
    onError: (error) => errors.push(error),
    ...options,
  });
}

const question = { message: 'Capital of France?', provider: 'openai', stream: true } as const;
const inText = (value: Money | undefined): string | undefined => value && amountOf(value);
async function entries(): Promise<readonly LedgerEntry[]> {
  return (await governor.ledger.entries()).entries;
}
async function read(stream: HeliconeChatStream): Promise<string[]> {
  const words: string[] = [];
  for await (const word of stream) words.push(word);
  return words;
}

describe('chat with stream: true', () => {
  it('gives words as they come, and usage and cost once they have', async () => {
    const stream = await start().chat({ ...question, customerId: 'acme' });
    expect(stream).toMatchObject({ provider: 'openai', model: 'gpt-4o-mini/openai', order: ['openai'] });
    const words = await read(stream);
    expect(words.length).toBeGreaterThan(1);
    expect(words.join('')).toBe('Gladly and at once.');
    const { cost, ...end } = await stream.ended;
    expect(end).toMatchObject({
      text: 'Gladly and at once.',
      complete: true,
      usage: { inputTokens: 1000, outputTokens: 100 },
    });
    expect(inText(cost)).toBe('0.00021');
    expect(await entries()).toMatchObject([
      { kind: 'settled', stream: true, outcome: 'completed', attribution: { customerId: 'acme' } },
    ]);
  });

  it('is the same, and costs the same, as a whole answer', async () => {
    const adapter = start();
    const stream = await adapter.multiProviderChat({
      message: 'x',
      providers: ['openai', 'anthropic'],
      stream: true,
    });
    await read(stream);
    const whole = await adapter.multiProviderChat({ message: 'x', providers: ['openai', 'anthropic'] });
    const { text, cost } = await stream.ended;
    expect([stream.provider, text, inText(cost)]).toEqual([whole.provider, whole.text, inText(whole.cost)]);
  });

  it('settles what was made when the reader stops early, and has the answer ended', async () => {
    const adapter = start();
    upstream.setReply({ chunks: Number.POSITIVE_INFINITY, chunkDelayMs: 5 });
    const stream = await adapter.chat(question);
    let read = 0;
    for await (const _ of stream) {
      read += 1;
      if (read === 3) break;
    }
    const { complete, cost, usage: used } = await stream.ended;
    expect(complete).toBe(false);
    expect(used.outputTokens).toBeGreaterThanOrEqual(3);
    expect(cost?.amount.gt('0')).toBe(true);
    const [entry] = await entries();
    expect(entry).toMatchObject({ kind: 'settled', outcome: 'cancelled' });
    expect(entry?.cost.result === 'priced' && inText(entry.cost.total)).toBe(inText(cost));
    await expect.poll(() => upstream.requests[0]?.state).toBe('client_aborted');
  });

  describe('that is let go', () => {
    const cap = { id: 'cap', amount: '1', window: 'lifetime' as const };
    const held = async (): Promise<string | undefined> => {
      const [limit] = governor.policy.limits;
      const [state] = await governor.ledger.states(limit === undefined ? [] : [{ limit, bucket: '' }]);
      return state?.held;
    };
    async function endless(): Promise<HeliconeChatStream> {
      const adapter = start({}, { policy: { limits: [cap] } });
      upstream.setReply({ chunks: Number.POSITIVE_INFINITY, chunkDelayMs: 5 });
      const stream = await adapter.chat(question);
      expect(Number(await held())).toBeGreaterThan(0);
      return stream;
    }
    async function expectOver(): Promise<void> {
      expect(await held()).toBe('0');
      expect(await entries()).toMatchObject([{ kind: 'settled', outcome: 'cancelled' }]);
      await expect.poll(() => upstream.requests[0]?.state).toBe('client_aborted');
    }

    it('frees what was held although nobody ever read it', async () => {
      const stream = await endless();
      await stream.cancel();
      await expectOver();
      expect(await stream.ended).toMatchObject({ text: '', complete: false });
      expect(await read(stream)).toEqual([]);
    });

    it('does so at the end of the block that it was made in', async () => {
      {
        await using stream = await endless();
        expect(stream.provider).toBe('openai');
      }
      await expectOver();
    });

    it('does so by the iterator, unread', async () => {
      const stream = await endless();
      await stream[Symbol.asyncIterator]().return?.();
      await stream.ended;
      await expectOver();
    });

    it('does so while somebody waits for words, who gets an end and no error', async () => {
      const stream = await endless();
      const reading = read(stream);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await Promise.all([stream.cancel(), stream.cancel()]);
      expect((await reading).length).toBeGreaterThan(0);
      expect(await stream.ended).toMatchObject({ complete: false });
      await expectOver();
    });

    it('changes nothing after its end', async () => {
      const stream = await start().chat(question);
      await read(stream);
      await stream.cancel();
      expect(await stream.ended).toMatchObject({ complete: true, text: 'Gladly and at once.' });
      expect(await entries()).toMatchObject([{ kind: 'settled', outcome: 'completed' }]);
    });
  });

  it('throws in the words of the adapter when it breaks off, and is settled', async () => {
    const adapter = start();
    upstream.setReply({ chunks: 5, fault: { kind: 'error_event', after: 3 } });
    const stream = await adapter.chat(question);
    await expect(read(stream)).rejects.toMatchObject({ code: 'provider_error', provider: 'openai' });
    const { complete, text } = await stream.ended;
    expect([complete, text !== '']).toEqual([false, true]);
    expect(await entries()).toMatchObject([{ kind: 'settled' }]);
  });

  it('goes on to the next provider until an answer begins', async () => {
    const adapter = start();
    upstream.addRule({
      when: { model: 'gpt-4o-mini/openai' },
      reply: { status: 503, error: { message: 'down' } },
    });
    const stream = await adapter.chat({
      message: 'x',
      providers: ['openai', 'anthropic'],
      routingStrategy: 'failover',
      stream: true,
    });
    await read(stream);
    expect(stream.provider).toBe('anthropic');
    expect(inText((await stream.ended).cost)).toBe('0.000375');
    // The governor asks once more where the call was sent before the adapter goes on.
    expect((await entries()).map(({ status }) => status)).toEqual([503, 503, 200]);
  });

  it('is refused before anything is sent when it may cost too much', async () => {
    const adapter = start();
    await expect(adapter.chat({ ...question, maxTokens: 100, maxCost: '0.000001' })).rejects.toMatchObject({
      code: 'budget_exceeded',
      limitId: 'helicone.max-cost',
    });
    expect(upstream.requests).toHaveLength(0);
  });

  it('tells streams that run at the same time apart', async () => {
    const adapter = start();
    upstream.addRule({
      when: { model: 'claude-3-haiku-20240307/anthropic' },
      reply: { usage: { prompt_tokens: 10, completion_tokens: 1, total_tokens: 11 }, text: 'Yes.' },
    });
    const streams = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        adapter.chat({ ...question, provider: index % 2 === 0 ? 'openai' : 'anthropic' }),
      ),
    );
    await Promise.all(streams.map(read));
    const ends = await Promise.all(streams.map(({ ended }) => ended));
    expect(ends.map(({ cost }) => inText(cost))).toEqual(
      ends.map((_, index) => (index % 2 === 0 ? '0.00021' : '0.00000375')),
    );
  });

  it('is kept and given again for nothing, but only when it was read to its end', async () => {
    const adapter = start();
    adapter.enableCaching({ cacheTtl: 60 });
    const stopped = await adapter.chat({ ...question, message: 'stopped' });
    for await (const _ of stopped) break;
    await stopped.ended;
    expect((await adapter.chat({ ...question, message: 'stopped' })).cached).toBeUndefined();

    const first = await adapter.chat(question);
    await read(first);
    await first.ended;
    const again = await adapter.chat(question);
    expect(again.cached).toBe('own');
    expect(await read(again)).toEqual(['Gladly and at once.']);
    expect(inText((await again.ended).cost)).toBe('0');
    // A whole answer is the same answer.
    expect(await adapter.chat({ message: question.message, provider: 'openai' })).toMatchObject({
      text: 'Gladly and at once.',
      cached: 'own',
    });
  });

  it('refuses the word where nobody looks for it', async () => {
    await expect(
      start().chat({ message: 'x', provider: 'openai', parameters: { stream: true } }),
    ).rejects.toThrow(/parameters.stream/);
  });
});
