import type { Ledger } from '@genops/ledger';
import { createMemoryLedger } from '@genops/ledger/memory';
import { describe, expect, it } from 'vitest';
import { deferLedger } from './deferred-ledger.ts';

/** Counts how often a ledger is opened, and fails as long as it is told to. */
function openings(): { readonly ledger: Ledger; opened: number; failing: boolean } {
  const state = {
    opened: 0,
    failing: false,
    ledger: deferLedger('memory', async () => {
      state.opened += 1;
      if (state.failing) throw new Error('in use by another writer');
      return createMemoryLedger();
    }),
  };
  return state;
}

describe('deferLedger', () => {
  it('opens with the first question, not with the sweep, and once for all', async () => {
    const state = openings();
    expect(await state.ledger.expire()).toEqual({ expired: 0 });
    await state.ledger.close();
    expect(state.opened).toBe(0);
    await Promise.all([state.ledger.entries(), state.ledger.entries(), state.ledger.sum({ by: [] })]);
    expect(state.opened).toBe(1);
  });

  it('tries again after it failed, and after it was closed', async () => {
    const state = openings();
    state.failing = true;
    await expect(state.ledger.entries()).rejects.toThrow('in use by another writer');
    state.failing = false;
    expect((await state.ledger.entries()).entries).toEqual([]);
    await state.ledger.close();
    expect((await state.ledger.verify()).result).toBe('intact');
    expect(state.opened).toBe(3);
  });
});
