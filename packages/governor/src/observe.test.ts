import type { LedgerEntry } from '@genops/core';
import type { Ledger } from '@genops/ledger';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGovernor, type Governor, type GovernorOptions } from './index.ts';

let upstream: FakeUpstream;
let governor: Governor;
let client: OpenAI;
let errors: unknown[];

beforeAll(async () => {
  upstream = await startFakeUpstream();
});
afterAll(() => upstream.close());
beforeEach(() => {
  errors = [];
});
afterEach(async () => {
  await governor.close();
  upstream.reset();
});

/** A ledger that answers again after so many questions, as one does that was away for a while. */
function away(questions: number, lost: readonly ('reserve' | 'settle')[] = ['reserve', 'settle']): Ledger {
  const ledger = createMemoryLedger();
  let left = questions;
  const asked =
    <Values extends unknown[], Answer>(ask: (...values: Values) => Promise<Answer>) =>
    async (...values: Values): Promise<Answer> => {
      if (left > 0) {
        left -= 1;
        throw new Error('the ledger is away');
      }
      return ask(...values);
    };
  return {
    ...ledger,
    ...(lost.includes('reserve') && { reserve: asked(ledger.reserve) }),
    ...(lost.includes('settle') && { settle: asked(ledger.settle) }),
  };
}

function observe(options: Partial<GovernorOptions>): void {
  governor = createGovernor({
    providers: [openai],
    mode: 'observe',
    policy: { limits: [{ id: 'cap', amount: '1', window: 'lifetime' }] },
    onError: (error) => errors.push(error),
    ...options,
  });
  const bare = new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey });
  client = governor.wrap(bare, { provider: openai });
}

const question = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'Hi' }],
  max_tokens: 20,
};
const ask = () => client.chat.completions.create(question);
const entries = async (): Promise<readonly LedgerEntry[]> => (await governor.ledger.entries()).entries;

describe('observing', () => {
  it('lets a call out when the ledger does not answer, says so, and books it as soon as it does', async () => {
    observe({ ledger: away(4) });
    const answer = await ask();
    expect(answer.choices[0]?.message.content).toContain('fake answer');
    expect(errors[0]).toMatchObject({ message: 'the ledger is away' });
    await expect.poll(entries, { timeout: 5_000 }).toHaveLength(1);
    const [entry] = await entries();
    expect(entry).toMatchObject({ kind: 'settled', outcome: 'completed', flags: ['unheld'], status: 200 });
    expect(entry?.usage?.inputTokens).toBeGreaterThan(0);
    const limits = governor.policy.limits.map((limit) => ({ limit, bucket: '' }));
    const [state] = await governor.ledger.states(limits);
    expect(Number(state?.settled)).toBeGreaterThan(0);
    expect(state?.held).toBe('0');
    expect((await governor.ledger.verify()).findings).toEqual([]);
  });

  it('books a stream that went out unheld, once', async () => {
    observe({ ledger: away(1) });
    let text = '';
    for await (const chunk of await client.chat.completions.create({ ...question, stream: true }))
      text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toContain('fake answer');
    await expect.poll(entries, { timeout: 5_000 }).toHaveLength(1);
    expect((await entries())[0]).toMatchObject({ flags: ['unheld'], stream: true });
  });

  it('ends a hold whose answer alone got lost', async () => {
    const ledger = createMemoryLedger();
    let lost = false;
    observe({
      ledger: {
        ...ledger,
        reserve: async (request) => {
          const answer = await ledger.reserve(request);
          if (lost) return answer;
          lost = true;
          throw new Error('the answer got lost');
        },
      },
    });
    await ask();
    await expect.poll(entries, { timeout: 5_000 }).toHaveLength(1);
    const limits = governor.policy.limits.map((limit) => ({ limit, bucket: '' }));
    expect((await governor.ledger.states(limits))[0]?.held).toBe('0');
  });

  it('refuses nothing for breakers, resting keys or constraints', async () => {
    observe({
      ledger: createMemoryLedger(),
      routing: {
        breaker: { failures: 1 },
        retryBudget: { reserve: 0 },
        constraints: { allowedProviders: ['nobody'] },
      },
    });
    upstream.setReply({ status: 500 });
    for (let call = 0; call < 3; call += 1) await expect(ask()).rejects.toMatchObject({ status: 500 });
    upstream.setReply({});
    expect((await ask()).choices).toHaveLength(1);
    governor.router.keys.register({ id: 'k', provider: 'openai', secret: upstream.apiKey });
    governor.router.keys.setState('k', 'throttled');
    expect((await ask()).choices).toHaveLength(1);
    const last = (await entries()).at(-1);
    expect(last?.decision.routing?.candidates.map(({ reason }) => reason)).toEqual([
      'no route is open, and nothing is kept back',
      'provider "openai" is not allowed',
    ]);
    expect(errors).toEqual([]);
  });

  it('is what enforcing is not: there the same ledger lets nothing out', async () => {
    observe({ ledger: away(1), mode: 'enforce' });
    await expect(ask()).rejects.toMatchObject({ status: 503, code: 'budget_reservation_failed' });
    expect(upstream.requests).toHaveLength(0);
  });
});
