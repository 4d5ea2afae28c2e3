import type { Call, LedgerEntry, LimitState } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { createBudgets } from './budgets.ts';

const state: LimitState = {
  limitId: 'search-daily',
  bucket: 'team=search',
  unit: 'money',
  currency: 'USD',
  mode: 'enforced',
  amount: '10',
  settled: '6.5',
  held: '1.5',
  available: '2',
  resetsAt: '2026-11-30T00:00:00.000Z',
};

function noted(now: string, limit: LimitState = state) {
  const budgets = createBudgets(() => new Date(now), 2);
  budgets.note({ kind: 'threshold', limit, threshold: 80 });
  return (metric: Parameters<typeof budgets.observe>[0]): number[] =>
    [...budgets.observe(metric)].map(([value]) => value);
}

describe('createBudgets', () => {
  it('says what a limit stood at when it was last heard of', () => {
    const read = noted('2026-11-29T23:59:59Z');
    expect(read('genops.budget.limit')).toEqual([10]);
    expect(read('genops.budget.consumed')).toEqual([6.5]);
    expect(read('genops.budget.held')).toEqual([1.5]);
    expect(read('genops.budget.remaining')).toEqual([2]);
    expect(read('genops.budget.utilization')).toEqual([0.8]);
  });

  it('shows a window that has ended as empty, without another call', () => {
    const read = noted('2026-11-30T00:00:00Z');
    expect(read('genops.budget.utilization')).toEqual([0]);
    expect(read('genops.budget.remaining')).toEqual([10]);
  });

  it('has no utilization where nothing may be used', () => {
    expect(noted('2026-11-29T00:00:00Z', { ...state, amount: '0' })('genops.budget.utilization')).toEqual([]);
  });

  it('keeps the last state of each counter, and of so many counters at most', () => {
    const budgets = createBudgets(() => new Date('2026-11-29T00:00:00Z'), 2);
    for (const [bucket, settled] of [
      ['team=a', '1'],
      ['team=b', '2'],
      ['team=a', '3'],
      ['team=c', '4'],
    ] as const) {
      budgets.note({ kind: 'threshold', limit: { ...state, bucket, settled }, threshold: 10 });
    }
    const kept = [...budgets.observe('genops.budget.consumed')];
    expect(kept.map(([value, facts]) => [facts['team'], value])).toEqual([
      ['a', 3],
      ['c', 4],
    ]);
  });

  it('prefers how limits stood after a call to how they stood before', () => {
    const budgets = createBudgets(() => new Date('2026-11-29T00:00:00Z'), 2);
    const entry = { provider: 'openai', decision: { verdict: 'allowed', rules: [], limits: [state] } };
    budgets.note({
      kind: 'settled',
      call: {} as Call,
      entry: entry as unknown as LedgerEntry,
      durationMs: 1,
      limits: [{ ...state, settled: '7', held: '0' }],
    });
    expect([...budgets.observe('genops.budget.consumed')].map(([value]) => value)).toEqual([7]);
  });
});
