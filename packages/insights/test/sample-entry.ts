import { type Cost, type LedgerEntry, money } from '@genops/core';

export function costOf(amount: string, currency = 'USD'): Cost {
  return { result: 'priced', total: money(amount, currency), lines: [], basis: 'computed' };
}

export const unpriced: Cost = { result: 'unpriced', reason: 'unknown_model', message: 'not known' };

/** A finished call of team search, unless told otherwise. */
export function sampleEntry(id: string, changes: Partial<LedgerEntry> = {}): LedgerEntry {
  const at = changes.at ?? '2026-08-15T12:00:00.000Z';
  return {
    id: `${id}.1`,
    operationId: id,
    attempt: 1,
    kind: 'settled',
    at,
    endedAt: at,
    provider: 'openai',
    operation: 'chat',
    requestModel: 'gpt-4o-mini',
    stream: false,
    attribution: { team: 'search' },
    decision: { verdict: 'allowed', rules: [], limits: [] },
    usage: { inputTokens: 1000, outputTokens: 100 },
    cost: costOf('0.10'),
    outcome: 'completed',
    ...changes,
  };
}
