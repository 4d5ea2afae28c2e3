import type { Call, GovernorEvent, LedgerEntry } from '@genops/core';
import { money } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { createDebugListener } from './debug.ts';

const call: Call = {
  id: 'op_1',
  provider: 'openai',
  operation: 'chat',
  requestModel: 'gpt-4o',
  stream: false,
  attribution: { team: 'search', customerId: 'a b\n"c"' },
  at: '2026-11-29T12:00:00.000Z',
};
const entry: LedgerEntry = {
  id: 'op_1.2',
  operationId: 'op_1',
  attempt: 2,
  kind: 'settled',
  at: call.at,
  endedAt: call.at,
  provider: 'backup',
  operation: 'chat',
  requestModel: 'gpt-4o',
  responseModel: 'gpt-4o-2024-08-06',
  stream: false,
  attribution: call.attribution,
  decision: {
    verdict: 'warning',
    reasonCode: 'BUDGET_EXCEEDED',
    rules: ['cheap-first'],
    limits: [],
    routing: {
      strategy: 'cost',
      candidates: [
        { targetId: 'openai/gpt-4o', rank: 1, reason: 'cheapest' },
        { targetId: 'backup/gpt-4o', rank: 2, reason: 'next' },
      ],
    },
  },
  held: money('0.01'),
  usage: { inputTokens: 10, outputTokens: 5 },
  cost: { result: 'priced', total: money('0.002'), lines: [], basis: 'computed' },
  outcome: 'completed',
  status: 200,
  flags: ['over_hold'],
};

function linesOf(...events: GovernorEvent[]): string[] {
  const lines: string[] = [];
  const listen = createDebugListener((line) => lines.push(line));
  for (const event of events) listen(event);
  return lines;
}

describe('createDebugListener', () => {
  it('says on one line who, which model, verdict, cost and route', () => {
    expect(linesOf({ kind: 'settled', call, entry, durationMs: 812.4 })).toEqual([
      'genops settled op=op_1 attempt=2 team=search customer="a b\\n\\"c\\"" chat=backup/gpt-4o answered=gpt-4o-2024-08-06 verdict=warning reason=BUDGET_EXCEEDED rules=cheap-first outcome=completed status=200 cost=0.002USD basis=computed held=0.01 tokens=10+5 route=cost:2 ms=812 flags=over_hold\n',
    ]);
  });

  it('says that a cost is not known, and why', () => {
    const unpriced: LedgerEntry = {
      ...entry,
      cost: { result: 'unpriced', reason: 'unknown_model', message: 'x' },
    };
    expect(linesOf({ kind: 'settled', call, entry: unpriced, durationMs: 1 })[0]).toContain(
      'cost=unpriced:unknown_model',
    );
  });

  it('is one line whatever a call says of itself', () => {
    const line = linesOf({ kind: 'settled', call, entry, durationMs: 1 })[0] as string;
    expect(line.split('\n')).toHaveLength(2);
  });

  it('tells of thresholds', () => {
    const limit = {
      limitId: 'daily',
      bucket: '',
      unit: 'money',
      currency: 'USD',
      mode: 'enforced',
      amount: '10',
      settled: '8',
      held: '0.5',
      available: '1.5',
    } as const;
    expect(linesOf({ kind: 'threshold', limit, threshold: 80 })).toEqual([
      'genops threshold limit=daily at=80% used=8 held=0.5 of=10 USD\n',
    ]);
  });
});
