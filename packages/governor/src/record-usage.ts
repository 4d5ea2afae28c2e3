import {
  type Call,
  type Cost,
  checkAttribution,
  currentAttribution,
  type LedgerEntry,
  mergeAttribution,
  money,
  type UsageRecord,
} from '@genops/core';
import type { EndResult } from '@genops/ledger';
import { book } from './book.ts';
import type { Line } from './line.ts';
import { settledAmounts } from './reserve.ts';

/**
 * Books a call that was made elsewhere: priced, counted on every limit, recorded, announced. What is spent
 * is spent, so no limit refuses it; the entry's decision warns when one is exceeded by it.
 *
 * @param flag - what the entry is marked with
 * @throws {UsageError} for counters that cannot be
 * @throws {LedgerUnavailableError} when the store does not answer; it may be sent again with the same id
 */
export async function recordUsage(
  line: Line,
  record: UsageRecord,
  flag = record.avoided === undefined ? 'made_elsewhere' : 'cache_hit',
): Promise<LedgerEntry> {
  const call: Call = {
    id: record.id ?? line.newId(),
    provider: record.provider,
    operation: record.operation ?? 'chat',
    requestModel: record.model,
    stream: false,
    attribution: mergeAttribution(
      line.attribution,
      currentAttribution(),
      checkAttribution(record.attribution ?? {}),
    ),
    at: line.now().toISOString(),
  };
  const cost = costOf(line, call, record);
  const limits = line.limits.of(call);
  const tokens = (record.usage?.inputTokens ?? 0) + (record.usage?.outputTokens ?? 0);
  const amounts = settledAmounts(limits, cost.result === 'priced' ? cost.total.amount : undefined, tokens);
  const entry = {
    operationId: call.id,
    attempt: 1,
    provider: call.provider,
    operation: call.operation,
    requestModel: call.requestModel,
    stream: false,
    attribution: call.attribution,
    decision: { verdict: 'allowed' as const, rules: [], limits: [] },
  };
  const id = `${call.id}.1`;
  const booked = await book(line, {
    id,
    limits,
    amounts,
    held: entry,
    entry: ({ states, exceeded: [exceeded] }) => ({
      ...entry,
      decision: {
        ...(exceeded === undefined
          ? entry.decision
          : {
              verdict: 'warning' as const,
              reasonCode: 'BUDGET_EXCEEDED' as const,
              message: `Limit "${exceeded.state.limitId}" was exceeded by a call that was made elsewhere`,
              rules: [],
            }),
        limits: states,
      },
      ...(record.usage !== undefined && { usage: record.usage }),
      ...(record.serviceTier !== undefined && { serviceTier: record.serviceTier }),
      ...(record.responseId !== undefined && { responseId: record.responseId }),
      ...(record.responseModel !== undefined && { responseModel: record.responseModel }),
      cost,
      outcome: 'completed',
      flags: [flag],
    }),
  });
  if (booked.result === 'known') return bookedBefore(line, id, call.id);
  if (booked.result === 'failed') throw notBooked(booked);
  return announce(line, call, booked.ended, booked.thresholds);
}

function costOf(line: Line, call: Call, record: UsageRecord): Cost {
  const { usage = {}, cost, avoided, serviceTier, parts } = record;
  if (avoided !== undefined) {
    const zero = money('0', avoided.currency);
    return { result: 'priced', total: zero, lines: [], basis: 'computed', avoided };
  }
  return line.pricing.price({
    ...line.pricedAt({ provider: call.provider, model: call.requestModel }),
    at: call.at,
    usage,
    ...(serviceTier !== undefined && { serviceTier }),
    ...(parts !== undefined && { parts }),
    ...(cost !== undefined && { reportedCost: cost }),
  });
}

function announce(
  line: Line,
  call: Call,
  ended: EndResult,
  crossed: Extract<EndResult, { result: 'recorded' }>['thresholds'],
): LedgerEntry {
  if (ended.result !== 'recorded') throw notBooked(ended);
  line.announce({ kind: 'settled', call, entry: ended.entry, durationMs: 0 });
  for (const { state, threshold } of [...crossed, ...ended.thresholds]) {
    line.announce({ kind: 'threshold', limit: state, threshold });
  }
  return ended.entry;
}

/** What was booked stays as it was booked. */
async function bookedBefore(line: Line, id: string, operationId: string): Promise<LedgerEntry> {
  const { entries } = await line.ledger.entries({ filter: { operationId } });
  const entry = entries.find((candidate) => candidate.id === id);
  if (entry === undefined) throw notBooked({ result: 'conflict', message: 'it is known, and yet not there' });
  return entry;
}

function notBooked(answer: { readonly result: string; readonly message?: string }): Error {
  return new Error(`A call could not be booked: ${answer.message ?? answer.result}`);
}
