import type { LedgerEntry } from '@genops/core';
import { Decimal, money } from '@genops/core';
import type { Ledger } from '@genops/ledger';

/** What a store made of many odd amounts. Amounts are whole sub-units of 10⁻¹². */
export interface ExactReport {
  readonly amounts: number;
  /** Added up as integers, apart from any ledger. */
  readonly expected: bigint;
  /** What the ledger says: all in one, and group by group. */
  readonly total: bigint;
  readonly byTeam: bigint;
  readonly entries: number;
}

const teams = 7;
/** As many as one commit takes well. */
const atOnce = 2000;

/** Every amount is odd, most are too long for a floating-point number. */
export function* oddAmounts(count: number): Generator<bigint> {
  let state = 0x2545f4914f6cdd1dn;
  for (let index = 0; index < count; index += 1) {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    yield index % 3 === 0 ? (state >> 40n) | 1n : state | 1n;
  }
}

/** Records one entry for each amount, and compares the sums with that of the integers. */
export async function sumExactly(ledger: Ledger, count: number): Promise<ExactReport> {
  let expected = 0n;
  let number = 0;
  let waiting: Promise<unknown>[] = [];
  for (const amount of oddAmounts(count)) {
    expected += amount;
    waiting.push(ledger.record(entryOf(number, amount)));
    number += 1;
    if (waiting.length < atOnce) continue;
    await Promise.all(waiting);
    waiting = [];
  }
  await Promise.all(waiting);
  const [all] = await ledger.sum({ by: [] });
  const groups = await ledger.sum({ by: ['team'] });
  return {
    amounts: count,
    expected,
    total: subunits(all?.cost.amount.toFixed() ?? '0'),
    byTeam: groups.reduce((sum, { cost }) => sum + subunits(cost.amount.toFixed()), 0n),
    entries: all?.entries ?? 0,
  };
}

/** In a way of its own, so that a mistake of the ledger is not made twice. */
function subunits(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(12, '0'));
}

function entryOf(number: number, amount: bigint): LedgerEntry {
  const id = `exact-${String(number).padStart(9, '0')}`;
  const at = new Date(Date.UTC(2026, 7, 1) + number * 1000).toISOString();
  const digits = amount.toString().padStart(13, '0');
  return {
    id,
    operationId: id,
    attempt: 1,
    kind: 'settled',
    at,
    endedAt: at,
    provider: 'openai',
    operation: 'chat',
    requestModel: 'gpt-4o-mini',
    stream: false,
    attribution: { team: `team-${number % teams}` },
    decision: { verdict: 'allowed', rules: [], limits: [] },
    cost: {
      result: 'priced',
      total: money(new Decimal(`${digits.slice(0, -12)}.${digits.slice(-12)}`)),
      lines: [],
      basis: 'computed',
    },
    outcome: 'completed',
  };
}
