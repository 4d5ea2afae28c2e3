import { Decimal } from '@genops/core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Ledger } from './ledger.ts';
import { createMemoryLedger } from './memory.ts';
import { sumByWindow } from './sum-by-window.ts';
import { costOf, refusedEntry } from './testing/samples.ts';

const from = '2026-10-20T00:00:00.000Z';
const until = '2026-11-05T00:00:00.000Z';

describe('sumByWindow', () => {
  let ledger: Ledger;

  beforeAll(async () => {
    ledger = createMemoryLedger();
    const span = Date.parse(until) - Date.parse(from);
    for (let index = 0; index < 400; index += 1) {
      const at = new Date(Date.parse(from) + Math.floor((span * index) / 400)).toISOString();
      const cost = costOf(`0.00000000${String(1000 + index)}`);
      await ledger.record(refusedEntry(`entry-${index}`, { kind: 'settled', at, endedAt: at, cost }));
    }
  });

  it.each([
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kolkata',
    'Asia/Kathmandu',
    'Australia/Lord_Howe',
  ])('gives days that add up to the whole time, over changes of the clock in %s', async (timeZone) => {
    const window = { kind: 'calendar', period: 'day', timeZone } as const;
    const days = await sumByWindow(ledger, { window, by: [], from, until });
    const [whole] = await ledger.sum({ by: [], filter: { from, until } });
    const rows = days.flatMap((day) => day.rows);
    const total = rows.reduce((sum, { cost }) => sum.plus(cost.amount), new Decimal('0'));
    expect(total.toFixed()).toBe(whole?.cost.amount.toFixed());
    expect(rows.reduce((sum, { entries }) => sum + entries, 0)).toBe(400);
    expect(days[0]?.from).toBe(from);
    expect(days.at(-1)?.until).toBe(until);
  });

  it('has a day of 25 hours when the clocks are set back', async () => {
    const window = { kind: 'calendar', period: 'day', timeZone: 'Europe/Berlin' } as const;
    const days = await sumByWindow(ledger, { window, by: [], from, until });
    expect(days).toContainEqual(
      expect.objectContaining({ from: '2026-10-24T22:00:00.000Z', until: '2026-10-25T23:00:00.000Z' }),
    );
  });

  it('refuses a question with more windows than anybody can read', async () => {
    const window = { kind: 'fixed', seconds: 1 } as const;
    await expect(sumByWindow(ledger, { window, by: [], from, until })).rejects.toMatchObject({
      code: 'invalid_configuration',
    });
  });
});
