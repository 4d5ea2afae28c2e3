import { type Call, type GovernorEvent, type LedgerEntry, type LimitState, money } from '@genops/core';

/** What tests say of a call; everything else is usual. */
export interface TestCall {
  readonly atMs: number;
  readonly cost?: string;
  readonly team?: string;
  readonly customerId?: string;
  readonly model?: string;
  readonly provider?: string;
  readonly outcome?: LedgerEntry['outcome'];
  readonly attempt?: number;
  readonly operationId?: string;
  readonly tokens?: number;
  readonly durationMs?: number;
  readonly efficiency?: number;
  readonly unpriced?: 'unknown_model' | 'unmetered';
  readonly limits?: readonly LimitState[];
}

let calls = 0;

export function settled(call: TestCall): Extract<GovernorEvent, { kind: 'settled' }> {
  const entry = entryOf(call);
  return { kind: 'settled', call: callOf(entry), entry, durationMs: call.durationMs ?? 100 };
}

export function refused(
  call: TestCall,
  reasonCode: NonNullable<LedgerEntry['decision']['reasonCode']> = 'BUDGET_EXCEEDED',
): GovernorEvent {
  const usual = entryOf({ ...call, attempt: 0, cost: '0' });
  const entry: LedgerEntry = {
    ...usual,
    kind: 'refused',
    outcome: 'failed',
    decision: { ...usual.decision, verdict: 'blocked', reasonCode },
  };
  const refusal = { status: 429, reasonCode, code: reasonCode.toLowerCase(), message: 'no' };
  return { kind: 'refused', call: callOf(entry), refusal, entry };
}

export function threshold(percent: number, limit: Partial<LimitState> = {}): GovernorEvent {
  return { kind: 'threshold', limit: limitState(limit), threshold: percent };
}

export function limitState(changes: Partial<LimitState> = {}): LimitState {
  return {
    limitId: 'search-daily',
    bucket: '',
    unit: 'money',
    currency: 'USD',
    mode: 'enforced',
    amount: '100',
    settled: '80',
    held: '0',
    available: '20',
    windowStart: '2026-11-30T00:00:00.000Z',
    resetsAt: '2026-12-01T00:00:00.000Z',
    ...changes,
  };
}

export function entryOf(call: TestCall): LedgerEntry {
  const { atMs, cost = '0.01', team = 'search', model = 'gpt-4o-mini', provider = 'openai' } = call;
  calls += 1;
  const id = call.operationId ?? `op_${calls}`;
  const endedAt = new Date(atMs).toISOString();
  const { attempt = 1, tokens = 100, outcome = 'completed', efficiency, unpriced } = call;
  return {
    id: `${id}.${attempt}`,
    operationId: id,
    attempt,
    kind: 'settled',
    at: endedAt,
    endedAt,
    provider,
    operation: 'chat',
    requestModel: model,
    stream: false,
    attribution: { team, ...(call.customerId !== undefined && { customerId: call.customerId }) },
    decision: {
      verdict: 'allowed',
      rules: [],
      limits: call.limits ?? [],
      ...(efficiency !== undefined && {
        routing: { strategy: 'balanced', candidates: [], routeEfficiency: efficiency },
      }),
    },
    usage: { inputTokens: tokens, outputTokens: 0 },
    cost:
      unpriced === undefined
        ? { result: 'priced', total: money(cost), lines: [], basis: 'computed' }
        : { result: 'unpriced', reason: unpriced, message: 'nobody knows' },
    outcome,
  };
}

function callOf(entry: LedgerEntry): Call {
  const { operationId: id, provider, operation, requestModel, stream, attribution, at } = entry;
  return { id, provider, operation, requestModel, stream, attribution, at };
}
