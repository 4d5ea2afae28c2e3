import { amountOf, type LedgerEntry, type Provider, withAttribution, withBaseUrl } from '@genops/core';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createGovernor, type Governor, type GovernorOptions, type MirrorOptions } from './index.ts';

let first: FakeUpstream;
let copies: FakeUpstream;
let governor: Governor;
let client: OpenAI;
const errors: unknown[] = [];

beforeAll(async () => {
  first = await startFakeUpstream();
  copies = await startFakeUpstream({ apiKey: 'sk-copies' });
});
afterAll(async () => {
  await first.close();
  await copies.close();
});
afterEach(async () => {
  await governor.close();
  first.reset();
  copies.reset();
  expect(errors.splice(0)).toEqual([]);
});

function govern(mirror: Partial<MirrorOptions> = {}, options: Partial<GovernorOptions> = {}): void {
  const other: Provider = {
    ...withBaseUrl(openai, `${copies.url}/v1`),
    id: 'other',
    priceAs: (model) => ({ provider: 'openai', model }),
  };
  governor = createGovernor({
    providers: [openai, other],
    ledger: createMemoryLedger(),
    onError: (error) => errors.push(error),
    ...options,
    routing: {
      routes: [
        {
          models: ['*'],
          targets: [{ provider: 'openai' }],
          mirror: {
            name: 'try-4o',
            target: { provider: 'other', model: 'gpt-4o', apiKey: { id: 'copies', secret: 'sk-copies' } },
            ...mirror,
          },
        },
      ],
    },
  });
  client = governor.wrap(new OpenAI({ baseURL: `${first.url}/v1`, apiKey: first.apiKey }), {
    provider: openai,
  });
}

const question = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'Hi' }],
  max_tokens: 20,
};
const ask = () => client.chat.completions.create(question);
const entries = async (): Promise<readonly LedgerEntry[]> =>
  (await governor.ledger.entries({ pageSize: 1_000 })).entries;
const isCopy = ({ attribution }: LedgerEntry) => attribution.tags?.['mirror'] !== undefined;
const copied = async () => (await entries()).filter(isCopy);

describe('a mirrored call', () => {
  it('is an operation of its own, with its own cost, for the same team, and says what it repeats', async () => {
    govern();
    const usage = { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 };
    first.setReply({ usage });
    copies.setReply({ usage });
    await withAttribution({ team: 'search', tags: { page: 'home' } }, ask);
    await expect.poll(copied).toHaveLength(1);
    const [original, copy] = await entries();
    expect(original?.attribution).toEqual({ team: 'search', tags: { page: 'home' } });
    expect(copy).toMatchObject({
      provider: 'other',
      requestModel: 'gpt-4o',
      kind: 'settled',
      outcome: 'completed',
      attribution: { team: 'search', tags: { page: 'home', mirror: 'try-4o' } },
      decision: { routing: { mirrorOf: original?.operationId } },
    });
    expect(copy?.operationId).not.toBe(original?.operationId);
    expect(copy?.cost.result === 'priced' && amountOf(copy.cost.total)).toBe('0.0035');
    const [sum] = await governor.ledger.sum({
      by: ['tags.mirror'],
      filter: { match: { 'tags.mirror': ['try-4o'] } },
    });
    expect(sum && amountOf(sum.cost)).toBe('0.0035');
  });

  it('does not let the caller wait, nor fail, nor see anything of it', async () => {
    govern();
    copies.setReply({ delayMs: 60_000 });
    const started = performance.now();
    const { data, response } = await client.chat.completions.create(question).withResponse();
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(data.model).toBe('gpt-4o-mini');
    const [original] = await entries();
    expect(response.headers.get('x-genops-request-id')).toBe(original?.operationId);
    await expect.poll(() => copies.requests.length).toBe(1);
  });

  it('goes out without the caller’s credentials', async () => {
    govern();
    await client.chat.completions.create(question, { headers: { cookie: 'session=1' } });
    await expect.poll(() => copies.requests.length).toBe(1);
    const sent = JSON.stringify(copies.requests[0]?.headers);
    expect(sent).toContain('sk-copies');
    expect(sent).not.toContain(first.apiKey);
    expect(sent).not.toContain('session=1');
  });

  it('is not sent when a limit does not let it, and that is recorded', async () => {
    const usage = { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 };
    govern({}, { policy: { limits: [{ id: 'cap', amount: '0.00015', window: 'lifetime' }] } });
    first.setReply({ usage });
    await ask();
    await expect.poll(copied).toHaveLength(1);
    expect(await copied()).toMatchObject([{ kind: 'refused', decision: { reasonCode: 'BUDGET_EXCEEDED' } }]);
    expect(copies.requests).toHaveLength(0);
    // The caller's own next call has what it would have had anyway.
    await ask();
  });

  it('is tried once, and changes neither where sessions stay nor what retries there are', async () => {
    govern();
    copies.setReply({ status: 500 });
    const talk = (content: string) =>
      withAttribution({ sessionId: 's' }, () =>
        client.chat.completions.create({ ...question, messages: [{ role: 'user', content }] }),
      );
    await talk('a');
    await expect.poll(copied).toHaveLength(1);
    await talk('b');
    await expect.poll(copied).toHaveLength(2);
    expect(copies.requests).toHaveLength(2);
    expect(first.requests).toHaveLength(2);
    const own = (await entries()).filter((entry) => !isCopy(entry));
    for (const { decision } of own)
      expect(decision.routing?.candidates[0]?.targetId).toBe('openai/gpt-4o-mini');
  });

  it('is one of so many at a time; more are not sent, and recorded as refused', async () => {
    govern({ maxConcurrent: 2 });
    copies.setReply({ delayMs: 400 });
    await Promise.all(Array.from({ length: 6 }, ask));
    await expect.poll(copied, { timeout: 5_000 }).toHaveLength(6);
    expect(copies.requests).toHaveLength(2);
    const kinds = (await copied()).map(({ kind, decision }) => `${kind} ${decision.reasonCode ?? ''}`).sort();
    expect(kinds).toEqual([...Array(4).fill('refused x_mirror_busy'), 'settled ', 'settled ']);
    await ask();
    await expect.poll(() => copies.requests.length).toBe(3);
  });

  it('is made of the share that it says, and always of the same sessions', async () => {
    govern({ share: 0.3, maxConcurrent: 100 });
    for (let session = 0; session < 40; session += 1) {
      await withAttribution({ sessionId: `s${session % 20}` }, ask);
    }
    const mirrored = (await copied()).map(({ attribution }) => attribution.sessionId as string);
    expect(mirrored.length).toBeGreaterThan(3);
    expect(mirrored.length).toBeLessThan(24);
    for (const session of mirrored) expect(mirrored.filter((one) => one === session)).toHaveLength(2);
  });

  it('is stopped and settled when the governor closes', async () => {
    govern();
    const { ledger } = governor;
    copies.setReply({ delayMs: 60_000 });
    await ask();
    await expect.poll(() => copies.requests.length).toBe(1);
    await governor.close();
    await copies.requests[0]?.ended;
    expect(copies.requests[0]?.state).toBe('client_aborted');
    const { entries: all } = await ledger.entries();
    expect(all.filter(isCopy)).toMatchObject([{ outcome: 'cancelled' }]);
  });

  it.each([
    [{ share: 2 }, 'mirror.share'],
    [{ maxConcurrent: 0 }, 'mirror.maxConcurrent'],
    [{ target: { provider: 'nobody' } }, 'mirror.target.provider'],
  ])('refuses %j', (mirror, where) => {
    expect(() => govern(mirror)).toThrow(where);
    govern();
  });
});

describe('an experiment', () => {
  it('spreads calls over the targets by their shares, the same session always to the same one', async () => {
    const other: Provider = { ...withBaseUrl(openai, `${copies.url}/v1`), id: 'other' };
    governor = createGovernor({
      providers: [openai, { ...other, priceAs: (model) => ({ provider: 'openai', model }) }],
      ledger: createMemoryLedger(),
      routing: {
        strategy: 'failover',
        sticky: false,
        routes: [
          {
            models: ['*'],
            split: 'canary',
            targets: [
              { provider: 'openai', share: 0.75 },
              { provider: 'other', apiKey: { id: 'copies', secret: 'sk-copies' }, share: 0.25 },
            ],
          },
        ],
      },
    });
    client = governor.wrap(new OpenAI({ baseURL: `${first.url}/v1`, apiKey: first.apiKey }), {
      provider: openai,
    });
    const by = new Map<string, Set<string>>();
    for (let call = 0; call < 80; call += 1) {
      await withAttribution({ sessionId: `s${call % 40}` }, ask);
    }
    for (const { attribution, provider, decision } of await entries()) {
      expect(decision.routing?.candidates[0]?.reason).toContain('split "canary"');
      const session = attribution.sessionId as string;
      by.set(session, (by.get(session) ?? new Set()).add(provider));
    }
    expect([...by.values()].every(({ size }) => size === 1)).toBe(true);
    const canaries = [...by.values()].filter((providers) => providers.has('other')).length;
    expect(canaries).toBeGreaterThan(3);
    expect(canaries).toBeLessThan(20);
  });

  it('needs a share above nothing', () => {
    govern();
    const routes = [{ models: ['*'], split: 'x', targets: [{ provider: 'openai' }] }];
    expect(() => createGovernor({ providers: [openai], routing: { routes } })).toThrow('routes[0].split');
  });
});
