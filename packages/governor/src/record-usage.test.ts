import { amountOf, type CallGovernor, type GovernorEvent, money } from '@genops/core';
import { createMemoryLedger } from '@genops/ledger/memory';
import { afterEach, describe, expect, it } from 'vitest';
import { createGovernor, type Governor, type GovernorOptions } from './index.ts';

let governor: Governor;
afterEach(() => governor.close());

function govern(options: Partial<GovernorOptions> = {}): Governor {
  governor = createGovernor({ providers: [], ledger: createMemoryLedger(), ...options });
  return governor satisfies CallGovernor;
}

const record = {
  provider: 'openai',
  model: 'gpt-4o-mini',
  usage: { inputTokens: 1000, outputTokens: 100 },
  attribution: { team: 'search' },
};

describe('recordUsage', () => {
  it('prices, counts and announces a call that was made elsewhere', async () => {
    govern({ policy: { limits: [{ id: 'cap', amount: '1', window: 'lifetime' }] } });
    const events: GovernorEvent[] = [];
    governor.on((event) => events.push(event));
    const entry = await governor.recordUsage(record);
    expect(entry).toMatchObject({
      kind: 'settled',
      provider: 'openai',
      attribution: { team: 'search' },
      flags: ['made_elsewhere'],
      decision: { verdict: 'allowed' },
    });
    expect(entry.cost.result === 'priced' && amountOf(entry.cost.total)).toBe('0.00021');
    expect(events).toMatchObject([{ kind: 'settled', entry: { id: entry.id } }]);
    const [state] = await governor.ledger.states([{ limit: governor.policy.limits[0] as never, bucket: '' }]);
    expect(state).toMatchObject({ settled: '0.00021', held: '0' });
  });

  it('books what was charged rather than what the catalogue says', async () => {
    const entry = await govern().recordUsage({ ...record, cost: money('0.5') });
    expect(entry.cost).toMatchObject({ basis: 'reported' });
    expect(entry.cost.result === 'priced' && amountOf(entry.cost.total)).toBe('0.5');
  });

  it('counts what is spent beyond an enforced limit, which then refuses calls', async () => {
    govern({ policy: { limits: [{ id: 'cap', amount: '0.0003', window: 'lifetime' }] } });
    expect((await governor.recordUsage(record)).decision.verdict).toBe('allowed');
    expect((await governor.recordUsage(record)).decision).toMatchObject({
      verdict: 'warning',
      reasonCode: 'BUDGET_EXCEEDED',
      message: 'Limit "cap" was exceeded by a call that was made elsewhere',
    });
    const [state] = await governor.ledger.states([{ limit: governor.policy.limits[0] as never, bucket: '' }]);
    expect(state).toMatchObject({ settled: '0.00042', available: '-0.00012', mode: 'enforced' });
  });

  it('books the same id once', async () => {
    govern();
    await governor.recordUsage({ ...record, id: 'batch-7-line-3' });
    await governor.recordUsage({ ...record, id: 'batch-7-line-3' });
    expect((await governor.ledger.entries()).entries).toHaveLength(1);
  });

  it('belongs to the session that it is booked in', async () => {
    govern();
    const session = governor.startSession({ name: 'import', budget: { amount: '0.0001' } });
    const entry = await session.run(() => governor.recordUsage(record));
    expect(entry.decision.verdict).toBe('warning');
    expect(session.report()).toMatchObject({ calls: 1, inputTokens: 1000 });
  });

  it('says when it has no price', async () => {
    const entry = await govern().recordUsage({ ...record, model: 'nobody-knows-me' });
    expect(entry.cost).toMatchObject({ result: 'unpriced', reason: 'unknown_model' });
  });

  it('refuses counters that cannot be', async () => {
    await expect(govern().recordUsage({ ...record, usage: { inputTokens: -1 } })).rejects.toThrow(
      /inputTokens/,
    );
  });
});
