import { type Cost, Decimal, type LedgerEntry, type Limit, money } from '@genops/core';
import type { Draw, HoldEntry, Ledger, ReserveRequest, ReserveResult, SettledEntry } from '../ledger.ts';

/** A Saturday in the middle of a month. */
export const startOfTest = '2026-08-15T12:00:00.000Z';

/** A clock that stands still until it is moved. */
export interface TestClock {
  readonly now: () => Date;
  readonly advance: (milliseconds: number) => void;
  readonly set: (instant: string) => void;
}

export function testClock(start: string): TestClock {
  let time = Date.parse(start);
  return {
    now: () => new Date(time),
    advance: (milliseconds) => {
      time += milliseconds;
    },
    set: (instant) => {
      time = Date.parse(instant);
    },
  };
}

export function decimal(text: string): Decimal {
  return new Decimal(text);
}

/** A monthly budget of one dollar, unless told otherwise. */
export function budget(changes: Partial<Limit> = {}): Limit {
  return {
    id: 'monthly',
    unit: 'money',
    amount: '1.00',
    window: { kind: 'calendar', period: 'month' },
    scope: {},
    mode: 'enforced',
    ...changes,
  };
}

export function draw(limit: Limit, amount: string, changes: Partial<Omit<Draw, 'amount'>> = {}): Draw {
  return { limit, bucket: '', amount: decimal(amount), ...changes };
}

export function holdEntry(id: string, changes: Partial<HoldEntry> = {}): HoldEntry {
  return {
    operationId: `operation-${id}`,
    attempt: 1,
    provider: 'openai',
    operation: 'chat',
    requestModel: 'gpt-4o-mini',
    stream: false,
    attribution: { team: 'search' },
    decision: { verdict: 'allowed', rules: [], limits: [] },
    ...changes,
  };
}

export function reserveRequest(
  id: string,
  draws: readonly Draw[],
  changes: Partial<ReserveRequest> = {},
): ReserveRequest {
  return { id, draws, expiresInMs: 60_000, entry: holdEntry(id), ...changes };
}

export function costOf(amount: string, currency = 'USD'): Cost {
  return { result: 'priced', total: money(amount, currency), lines: [], basis: 'computed' };
}

export function settledEntry(id: string, cost: Cost, changes: Partial<SettledEntry> = {}): SettledEntry {
  return { ...holdEntry(id), cost, outcome: 'completed', ...changes };
}

export function refusedEntry(id: string, changes: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    ...settledEntry(id, costOf('0'), { outcome: 'failed' }),
    id,
    kind: 'refused',
    at: startOfTest,
    endedAt: startOfTest,
    ...changes,
  };
}

export function correctionOf(id: string, change: string, changes: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    ...settledEntry(id, costOf(change)),
    id: `${id}:correction`,
    kind: 'correction',
    at: startOfTest,
    endedAt: startOfTest,
    corrects: id,
    ...changes,
  };
}

/** Holds, and fails the test when it cannot. */
export async function hold(
  ledger: Ledger,
  request: ReserveRequest,
): Promise<Extract<ReserveResult, { result: 'held' }>> {
  const held = await ledger.reserve(request);
  if (held.result !== 'held') throw new Error(`Expected a hold, got ${JSON.stringify(held)}`);
  return held;
}

/** Holds and settles one draw at the same amount. */
export async function spend(
  ledger: Ledger,
  id: string,
  limit: Limit,
  amount: string,
  bucket = '',
): Promise<void> {
  await hold(ledger, reserveRequest(id, [draw(limit, amount, { bucket })]));
  const settled = await ledger.settle({
    id,
    amounts: [decimal(amount)],
    entry: settledEntry(id, costOf(amount)),
  });
  if (settled.result !== 'recorded') throw new Error(settled.message);
}
