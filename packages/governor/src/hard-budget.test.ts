import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDecimal } from '@genops/core';
import type { Ledger } from '@genops/ledger';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { openai } from '@genops/openai';
import { createPricing, parsePriceFile } from '@genops/pricing';
import { startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { createGovernor, type Governor } from './index.ts';

/** A ledger that lets a test look at the limits after each operation. */
const drivers: Record<string, (directory: string) => Promise<Ledger>> = {
  memory: async () => createMemoryLedger(),
  sqlite: (directory) => openSqliteLedger({ path: join(directory, 'ledger.db') }),
};

/** Three cents a call, whatever its size. */
const flatFee = parsePriceFile({
  provider: 'openai',
  models: [
    {
      model: 'flat-fee',
      versions: [{ rates: [{ input: '0', output: '0', request: { amount: '0.03', per: '1' } }] }],
    },
  ],
});

/** Looks at the one limit all the time. */
function watchLimit({ ledger, policy }: Governor): { readonly most: () => Promise<string> } {
  const limits = policy.limits.map((limit) => ({ limit, bucket: '' }));
  let most = parseDecimal('0');
  let watching = true;
  const watched = (async () => {
    while (watching) {
      const [state] = await ledger.states(limits);
      if (state === undefined) throw new Error('The limit has no state');
      const used = parseDecimal(state.settled).plus(parseDecimal(state.held));
      if (used.gt(most)) most = used;
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  return {
    most: async () => {
      watching = false;
      await watched;
      return most.toFixed();
    },
  };
}

describe.each(Object.keys(drivers))('a hard budget on %s', (driver) => {
  it('serves exactly 33 of 200 calls at once that cost 0.03 each out of 1.00', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'genops-'));
    const upstream = await startFakeUpstream({
      reply: { usage: { prompt_tokens: 10, completion_tokens: 5 } },
    });
    const ledger = await (drivers[driver] as (typeof drivers)[string])(directory);
    const governor = createGovernor({
      providers: [openai],
      ledger,
      pricing: createPricing({ overrides: [flatFee] }),
      policy: { limits: [{ id: 'one-dollar', amount: '1.00', window: 'month' }] },
    });
    const bare = new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey, maxRetries: 5 });
    const client = governor.wrap(bare, { provider: openai });
    try {
      upstream.holdResponses();
      const question = {
        model: 'flat-fee',
        messages: [{ role: 'user' as const, content: 'Hi' }],
        max_completion_tokens: 5,
      };
      const watch = watchLimit(governor);
      const calls = Array.from({ length: 200 }, () => client.chat.completions.create(question));
      const settled = Promise.allSettled(calls);
      await upstream.waitForHeld(33);

      const limits = governor.policy.limits.map((limit) => ({ limit, bucket: '' }));
      const [full] = await ledger.states(limits);
      expect(full).toMatchObject({ settled: '0', held: '0.99', available: '0.01' });

      upstream.releaseAll();
      const results = await settled;
      const served = results.filter((result) => result.status === 'fulfilled');
      const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
      expect([served.length, refused.length]).toEqual([33, 167]);
      for (const reason of refused) {
        expect(reason).toMatchObject({
          status: 429,
          code: 'budget_exceeded',
          error: { limit: { id: 'one-dollar' } },
        });
      }
      expect(upstream.requests).toHaveLength(33);
      expect(await watch.most()).toBe('0.99');
      const [after] = await ledger.states(limits);
      expect(after).toMatchObject({ settled: '0.99', held: '0', available: '0.01' });
    } finally {
      await governor.close();
      await upstream.close();
      await rm(directory, { recursive: true });
    }
  });
});
