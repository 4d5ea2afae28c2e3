import { amountOf, formatMoney, freeCost, type LedgerEntry, money, sumMoney } from '@genops/core';
import { createMemoryLedger } from '@genops/ledger/memory';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOf, sampleEntry, unpriced } from '../test/sample-entry.ts';
import { trafficFrom, trafficUntil } from '../test/traffic.ts';
import { useTrafficLedger } from '../test/traffic-ledger.ts';
import { summarize } from './summarize.ts';

const traffic = useTrafficLedger();

const day = { from: '2026-08-15T00:00:00.000Z', until: '2026-08-16T00:00:00.000Z' };

async function summaryOf(entries: readonly LedgerEntry[], by: readonly string[] = []) {
  const ledger = createMemoryLedger({ now: () => new Date(day.until) });
  for (const entry of entries) await ledger.record(entry);
  return summarize(ledger, { by, ...day });
}

describe('summarize', () => {
  it.each([
    [['team']],
    [['team', 'model']],
    [['provider', 'project', 'feature']],
    [['tags.none']],
    [['sessionId']],
  ])('by %j has exactly the sums of the ledger', async (by) => {
    const span = { from: '2026-08-01T00:00:00.000Z', until: trafficUntil };
    const { rows, totals } = await summarize(traffic.ledger, { by, ...span });
    const sums = await traffic.ledger.sum({ by, filter: span });
    const [whole] = await traffic.ledger.sum({ by: [], filter: span });
    expect(rows.filter((row) => row.calls + row.refused > 0)).toHaveLength(sums.length);
    for (const sum of sums) {
      const row = rows.find(({ group }) => by.every((name) => group[name] === sum.group[name]));
      expect(row && amountOf(row.cost)).toBe(amountOf(sum.cost));
      expect((row?.calls ?? 0) + (row?.refused ?? 0)).toBe(sum.entries);
      expect(row).toMatchObject({
        inputTokens: sum.inputTokens,
        outputTokens: sum.outputTokens,
        unpriced: sum.unpriced,
        refused: sum.refused,
      });
    }
    expect(totals.map(formatMoney)).toEqual(whole === undefined ? [] : [formatMoney(whole.cost)]);
  });

  it('sums whatever costs there are, to the last digit, in every currency', async () => {
    const amount = fc
      .tuple(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 0, max: 999_999_999 }))
      .map(([whole, fraction]) => `${whole}.${String(fraction).padStart(12, '0')}`);
    const call = fc.record({
      team: fc.constantFrom('a', 'b', undefined),
      amount,
      currency: fc.constantFrom('USD', 'EUR'),
      known: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 30 }), async (calls) => {
        const entries = calls.map(({ team, amount: cost, currency, known }, index) =>
          sampleEntry(`c${index}`, {
            attribution: team === undefined ? {} : { team },
            cost: known ? costOf(cost, currency) : unpriced,
          }),
        );
        const { rows, totals } = await summaryOf(entries, ['team']);
        for (const currency of ['USD', 'EUR']) {
          const spent = calls.filter((one) => one.known && one.currency === currency);
          const exact = sumMoney(
            spent.map((one) => money(one.amount, currency)),
            currency,
          );
          const parts = rows.filter(({ cost }) => cost.currency === currency).map(({ cost }) => cost);
          expect(amountOf(sumMoney(parts, currency))).toBe(amountOf(exact));
          const total = totals.find((one) => one.currency === currency);
          if (total !== undefined) expect(amountOf(total)).toBe(amountOf(exact));
        }
        expect(rows.reduce((sum, row) => sum + row.unpriced, 0)).toBe(
          calls.filter((one) => !one.known).length,
        );
      }),
      { numRuns: 40 },
    );
  });

  it('tells calls from refusals, releases and corrections', async () => {
    const { rows } = await summaryOf([
      sampleEntry('one'),
      sampleEntry('two', { kind: 'expired', cost: unpriced, outcome: 'unknown' }),
      sampleEntry('three', { kind: 'refused', cost: costOf('0'), outcome: 'failed', usage: {} }),
      sampleEntry('four', { kind: 'correction', corrects: 'one.1', cost: costOf('-0.04'), usage: {} }),
    ]);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ calls: 2, refused: 1, unpriced: 1, inputTokens: 2000 });
    expect(rows[0] && amountOf(rows[0].cost)).toBe('0.06');
    expect(rows[0]?.costPerCall && amountOf(rows[0].costPerCall)).toBe('0.03');
    expect(rows[0]?.costPerMillionTokens && amountOf(rows[0].costPerMillionTokens)).toMatch(/^27\.2727/);
  });

  it('says which costs are estimates, and which nobody metered', async () => {
    const estimate = { ...costOf('0.02'), basis: 'estimated' as const };
    const { rows } = await summaryOf([
      sampleEntry('one', { cost: estimate as LedgerEntry['cost'] }),
      sampleEntry('two', { cost: { result: 'unpriced', reason: 'unmetered', message: '' } }),
    ]);
    expect(rows[0]?.details).toMatchObject({ estimatedCalls: 1, unmeteredCalls: 1, cacheHits: 0 });
    expect(rows[0]?.details && amountOf(rows[0].details.estimatedCost)).toBe('0.02');
  });

  it('books an answer out of a cache at nothing, beside what it would have cost', async () => {
    const hit = { ...freeCost(money('0')), avoided: money('0.07') };
    const { rows } = await summaryOf([sampleEntry('hit', { usage: {}, cost: hit })]);
    expect(rows[0]?.details).toMatchObject({ cacheHits: 1 });
    expect(rows[0]?.details && amountOf(rows[0].details.avoidedCost)).toBe('0.07');
    expect(rows[0] && amountOf(rows[0].cost)).toBe('0');
  });

  it('names what changed most against the time before, also what stopped', async () => {
    const before = { at: '2026-08-14T12:00:00.000Z', endedAt: '2026-08-14T12:00:01.000Z' };
    const { movers } = await summaryOf(
      [
        sampleEntry('old', { ...before, attribution: { team: 'gone' }, cost: costOf('5') }),
        sampleEntry('was', { ...before, attribution: { team: 'up' }, cost: costOf('1') }),
        sampleEntry('is', { attribution: { team: 'up' }, cost: costOf('3') }),
        sampleEntry('same-1', { ...before, attribution: { team: 'same' }, cost: costOf('2') }),
        sampleEntry('same-2', { attribution: { team: 'same' }, cost: costOf('2') }),
      ],
      ['team'],
    );
    expect(movers.map(({ group, change }) => [group['team'], amountOf(change)])).toEqual([
      ['gone', '-5'],
      ['up', '2'],
    ]);
    expect(movers[1]?.changeShare).toBe(2);
  });

  it('answers from sums alone when details are not wanted', async () => {
    const ledger = { sum: traffic.ledger.sum, entries: () => Promise.reject(new Error('not to be read')) };
    const span = { from: trafficFrom, until: trafficUntil };
    const { rows } = await summarize(ledger, { by: ['team'], ...span, details: 'none' });
    expect(rows.length).toBeGreaterThan(3);
    expect(rows[0]).not.toHaveProperty('details');
  });

  it('refuses a time without length', async () => {
    await expect(summarize(traffic.ledger, { by: [], from: day.until, until: day.from })).rejects.toThrow(
      /until: expected an instant after/,
    );
  });
});
