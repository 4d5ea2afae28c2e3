import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { amountOf, type Cost } from '@genops/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPricing } from '../create-pricing.ts';
import { createOpenRouterPrices } from './openrouter.ts';
import { readOpenRouterModels } from './openrouter-models.ts';

/** A made-up upstream: what it answers next, and what it was asked. */
function createUpstream() {
  const asked: Headers[] = [];
  let answer: () => Response | Promise<Response> = () => new Response('', { status: 503 });
  return {
    asked,
    answerWith(next: typeof answer) {
      answer = next;
    },
    list(models: unknown[], etag = '"1"') {
      answer = () => Response.json({ data: models }, { headers: { etag } });
    },
    fetch: (async (_url, init) => {
      asked.push(new Headers(init?.headers));
      return answer();
    }) as typeof globalThis.fetch,
  };
}

const gpt = (prompt: string, more: object = {}) => ({
  id: 'openai/gpt-live',
  canonical_slug: 'openai/gpt-live-2026-10-01',
  context_length: 128_000,
  top_provider: { max_completion_tokens: 16_384 },
  pricing: {
    prompt,
    completion: '0.00001',
    input_cache_read: '0.00000025',
    web_search: '0',
    request: '0',
    ...more,
  },
});

const start = Date.parse('2026-11-01T00:00:00Z');
const hour = 3_600_000;
let folder: string;
let clock: number;
const errors: unknown[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'genops-prices-'));
  clock = start;
  errors.length = 0;
});
afterEach(() => rm(folder, { recursive: true }));

function live(fetch: typeof globalThis.fetch, cacheFile?: string) {
  return createOpenRouterPrices({
    fetch,
    now: () => clock,
    onError: (error) => errors.push(error),
    ...(cacheFile && { cacheFile }),
  });
}

function total(cost: Cost): string {
  return cost.result === 'priced' ? amountOf(cost.total) : cost.reason;
}

const question = (at: number, model = 'openai/gpt-live') => ({
  provider: 'openrouter',
  model,
  at: new Date(at).toISOString(),
  usage: { inputTokens: 1_000_000 },
});

describe('createOpenRouterPrices', () => {
  it('never makes a call wait: the first answer comes from what is at hand', async () => {
    const upstream = createUpstream();
    let release: (response: Response) => void = () => {};
    upstream.answerWith(() => new Promise((resolve) => (release = resolve)));
    const prices = live(upstream.fetch);
    const pricing = createPricing({ live: [prices] });

    expect(total(pricing.price(question(clock)))).toBe('unknown_model');
    expect(total(pricing.price(question(clock, 'openai/gpt-4o-mini')))).toBe('0.15');
    expect(upstream.asked).toHaveLength(1);

    const refreshed = prices.refresh();
    release(Response.json({ data: [gpt('0.0000025')] }));
    expect(await refreshed).toMatchObject({ result: 'updated', models: 1, changed: 1 });
    expect(total(pricing.price(question(clock)))).toBe('2.5');
    expect(total(pricing.price(question(clock, 'openai/gpt-live-2026-10-01')))).toBe('2.5');
    expect(upstream.asked).toHaveLength(1);
  });

  it('asks again only when the list has become old, and with its tag', async () => {
    const upstream = createUpstream();
    upstream.list([gpt('0.0000025')], '"abc"');
    const prices = live(upstream.fetch);
    await prices.refresh();
    clock += hour - 1;
    prices.current();
    expect(upstream.asked).toHaveLength(1);

    clock += 1;
    upstream.answerWith(() => new Response(null, { status: 304 }));
    prices.current();
    prices.current();
    expect(await prices.refresh()).toEqual({ result: 'unchanged' });
    expect(upstream.asked.map((headers) => headers.get('if-none-match'))).toEqual([null, '"abc"']);
    expect(prices.current()?.provider('openrouter')?.find('openai/gpt-live')).toBeDefined();
  });

  it('lets a new price begin when it was seen, and leaves the past alone', async () => {
    const upstream = createUpstream();
    upstream.list([gpt('0.0000025')]);
    const prices = live(upstream.fetch);
    const pricing = createPricing({ live: [prices] });
    await prices.refresh();
    clock += 2 * hour;
    upstream.list([gpt('0.000002')], '"2"');
    expect(await prices.refresh()).toMatchObject({ changed: 1 });

    expect(total(pricing.price(question(start - 1)))).toBe('unknown_rate');
    expect(total(pricing.price(question(start)))).toBe('2.5');
    expect(total(pricing.price(question(clock - 1)))).toBe('2.5');
    expect(total(pricing.price(question(clock)))).toBe('2');
    // What the list repeats unchanged makes no new version.
    clock += 2 * hour;
    expect(await prices.refresh()).toEqual({ result: 'unchanged' });
  });

  it.each([
    ['an error', () => new Response('no', { status: 500 })],
    ['no answer', () => Promise.reject(new TypeError('fetch failed'))],
    ['something that is no list', () => Response.json({ models: [] })],
    ['an empty list', () => Response.json({ data: [] })],
    ['something that is not JSON', () => new Response('<html>')],
  ])('keeps the last good list on %s, tells it, and tries again a minute later', async (_, answer) => {
    const upstream = createUpstream();
    upstream.list([gpt('0.0000025')]);
    const prices = live(upstream.fetch);
    await prices.refresh();
    upstream.answerWith(answer);
    clock += hour;
    expect(await prices.refresh()).toMatchObject({ result: 'failed' });
    expect(errors).toHaveLength(1);
    expect(prices.current()?.provider('openrouter')?.find('openai/gpt-live')).toBeDefined();

    upstream.list([gpt('0.000002')]);
    clock += 59_999;
    prices.current();
    expect(upstream.asked).toHaveLength(2);
    clock += 1;
    prices.current();
    await prices.refresh();
    expect(upstream.asked.length).toBeGreaterThan(2);
  });

  it('keeps the last good list on disk, through a restart without a network', async () => {
    const cacheFile = join(folder, 'nested', 'openrouter.json');
    const upstream = createUpstream();
    upstream.list([gpt('0.0000025')], '"tag"');
    await live(upstream.fetch, cacheFile).refresh();

    upstream.answerWith(() => Promise.reject(new Error('offline')));
    clock += 3 * hour;
    const restarted = live(upstream.fetch, cacheFile);
    expect(await restarted.refresh()).toMatchObject({ result: 'failed' });
    const pricing = createPricing({ live: [restarted] });
    expect(total(pricing.price(question(clock)))).toBe('2.5');
    expect(upstream.asked.at(-1)?.get('if-none-match')).toBe('"tag"');
    expect(JSON.parse(await readFile(cacheFile, 'utf8'))).toMatchObject({ etag: '"tag"' });
  });

  it('does not believe a damaged file', async () => {
    const cacheFile = join(folder, 'openrouter.json');
    await writeFile(
      cacheFile,
      '{"checkedAt":"2026-11-01T00:00:00Z","file":{"provider":"openrouter","models":[{}]}}',
    );
    const upstream = createUpstream();
    upstream.list([gpt('0.0000025')]);
    const prices = live(upstream.fetch, cacheFile);
    expect(await prices.refresh()).toMatchObject({ result: 'updated' });
    expect(String(errors[0])).toContain('openrouter.json.models[0].model');
  });
});

describe('readOpenRouterModels', () => {
  const read = (pricing: object, at = start) =>
    readOpenRouterModels(
      { data: [{ id: 'a/b', pricing: { prompt: '0.000001', completion: '0.000002', ...pricing } }] },
      at,
    );
  const rates = (pricing: object, at?: number) => read(pricing, at)[0]?.versions[0]?.rates;

  it('turns prices of one token into prices of a million, digit for digit', () => {
    expect(rates({ prompt: '0.00000008333333333333334' })).toEqual([
      { input: '0.08333333333333334', output: '2' },
    ]);
    expect(rates({ prompt: '1e-7', internal_reasoning: '0.000003' })).toEqual([
      { input: '0.1', output: '2', reasoning: '3' },
    ]);
  });

  it('takes zero for a price of text, and for no price of anything else', () => {
    expect(rates({ prompt: '0', completion: '0', input_cache_read: '0', request: '0' })).toEqual([
      { input: '0', output: '0' },
    ]);
  });

  it.each([
    ['a router without prices', { prompt: '-1', completion: '-1' }],
    ['a price that is no number', { prompt: 'free' }],
    ['a model without prices', { prompt: null }],
    [
      'hours that cannot be read',
      { overrides: [{ utc_start: 'noon', utc_end: '1400', prompt: '0.000002' }] },
    ],
  ])('leaves out %s', (_, pricing) => {
    expect(read(pricing)).toEqual([]);
  });

  it('lets the later of two overrides decide where both hold', () => {
    const groups = rates({
      overrides: [
        { min_prompt_tokens: 200_000, prompt: '0.000004' },
        {
          utc_start: '0100',
          utc_end: '0400',
          utc_days: ['mon', 'tue'],
          prompt: '0.000003',
          completion: '0.000009',
        },
      ],
    });
    const time = { timeZone: 'UTC', isoWeekdays: [1, 2], windows: [{ from: '01:00', until: '04:00' }] };
    expect(groups).toEqual([
      { input: '1', output: '2' },
      { when: { promptTokens: { min: 200_000 } }, input: '4' },
      { when: { time }, input: '3', output: '9' },
      { when: { promptTokens: { min: 200_000 }, time }, input: '3', output: '9' },
    ]);
  });

  it('waits while a window is open, because the list then hides the usual price', () => {
    const overrides = [{ utc_start: '2300', utc_end: '0100', prompt: '0.0000005' }];
    expect(read({ overrides }, Date.parse('2026-11-01T23:30:00Z'))).toEqual([]);
    expect(read({ overrides }, Date.parse('2026-11-01T01:00:00Z'))).toHaveLength(1);
  });

  it('takes a discount off', () => {
    expect(read({ discount: 0.25 })[0]?.versions[0]?.modifiers).toEqual([{ factor: '0.75', stage: 'tier' }]);
  });
});
