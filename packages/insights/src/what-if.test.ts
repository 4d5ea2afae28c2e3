import { amountOf, money, subtractMoney, sumMoney } from '@genops/core';
import { createMemoryLedger } from '@genops/ledger/memory';
import { describe, expect, it } from 'vitest';
import { contractPrices, prices } from '../test/prices.ts';
import { sampleEntry } from '../test/sample-entry.ts';
import { trafficFrom, trafficUntil } from '../test/traffic.ts';
import { useTrafficLedger } from '../test/traffic-ledger.ts';
import { compareTraffic, estimateTrafficMigration } from './migration.ts';
import { moveScenario, whatIf } from './what-if.ts';

const traffic = useTrafficLedger();

const span = { from: trafficFrom, until: trafficUntil };

describe('whatIf', () => {
  it('is the past when nothing changes', async () => {
    const result = await whatIf(traffic.ledger, {
      pricing: prices,
      scenarios: [{ name: 'same' }],
      filter: span,
    });
    const [sum] = await traffic.ledger.sum({ by: [], filter: span });
    expect(amountOf(result.current)).toBe(sum && amountOf(sum.cost));
    expect(result.unfaithful).toBe(0);
    expect(result.scenarios[0]).toMatchObject({ changed: result.calls, unpriced: 0 });
    expect(result.scenarios[0] && amountOf(result.scenarios[0].saving)).toBe('0');
  });

  it('prices the past by another list, at another tier, with a discount, and sums by group', async () => {
    const isHouse = { match: { provider: ['house'] } };
    const { current, scenarios } = await whatIf(traffic.ledger, {
      pricing: prices,
      filter: { ...span, ...isHouse },
      by: ['team'],
      scenarios: [
        { name: 'contract', pricing: contractPrices },
        { name: 'discount', discount: '0.1' },
        moveScenario({ provider: 'house', model: 'large' }, { provider: 'house', model: 'small' }, 'small'),
        { name: 'batch', place: ({ place }) => ({ ...place, serviceTier: 'batch' }) },
      ],
    });
    const of = (name: string) => {
      const found = scenarios.find((scenario) => scenario.name === name);
      if (found === undefined) throw new Error(`no scenario ${name}`);
      return found;
    };
    const tenth = current.amount.times('0.1').toFixed();
    expect(amountOf(of('discount').saving)).toBe(tenth);
    expect(amountOf(of('contract').saving)).toBe(tenth);
    expect(of('small').saving.amount.gt('20')).toBe(true);
    // Only the large model has a batch tier: the others stay as they were.
    expect(of('batch').unpriced).toBeGreaterThan(0);
    for (const { total, saving, groups } of scenarios) {
      expect(amountOf(subtractMoney(current, total))).toBe(amountOf(saving));
      expect(amountOf(sumMoney(groups.map((group) => group.total)))).toBe(amountOf(total));
      expect(amountOf(sumMoney(groups.map((group) => group.saving)))).toBe(amountOf(saving));
    }
    expect(scenarios[0]?.name).toBe('small');
  });

  it('prices the past at the prices of one day', async () => {
    const { scenarios } = await whatIf(traffic.ledger, {
      pricing: prices,
      filter: { ...span, match: { provider: ['house'], model: ['large'] } },
      scenarios: [{ name: 'today', at: '2026-11-01T00:00:00Z' }],
    });
    // From 4 and 16 to 3 and 12 for the calls before the change.
    expect(scenarios[0]?.saving.amount.gt('3')).toBe(true);
  });

  it('counts calls that other prices were charged for', async () => {
    const ledger = createMemoryLedger();
    await ledger.record(sampleEntry('odd', { provider: 'house', requestModel: 'small' }));
    const result = await whatIf(ledger, { pricing: prices, scenarios: [{ name: 'same' }] });
    expect(result).toMatchObject({ calls: 1, unfaithful: 1 });
  });

  it.each([
    [[{ name: 'a' }, { name: 'a' }], /each name once/],
    [[{ name: 'a', discount: '1.5' }], /scenarios.a.discount: expected a share/],
    [[{ name: 'a', discount: '10%' }], /plain decimal/],
  ])('refuses %j', async (scenarios, message) => {
    await expect(whatIf(traffic.ledger, { pricing: prices, scenarios })).rejects.toThrow(message);
  });
});

describe('compareTraffic', () => {
  it('prices real traffic elsewhere by its real split, and calls the unknown unknown', async () => {
    const compared = await compareTraffic(traffic.ledger, {
      pricing: prices,
      ...span,
      match: { team: ['search'], model: ['large'] },
      candidates: [
        { provider: 'house', model: 'small' },
        { provider: 'rival', model: 'large' },
        { provider: 'house', model: 'nobody-knows' },
      ],
    });
    expect(compared.cheapest).toBe('house/small');
    expect(Object.keys(compared.costByPlace)).toEqual(['house/small', 'rival/large']);
    expect(compared.unpriced).toEqual({ 'house/nobody-knows': compared.calls });
    const cheapest = compared.costByPlace['house/small'];
    expect(cheapest && amountOf(subtractMoney(compared.current, cheapest))).toBe(
      amountOf(compared.maxSavings),
    );
  });
});

describe('estimateTrafficMigration', () => {
  it('scales what the days seen would have cost to a month', async () => {
    const migration = await estimateTrafficMigration(traffic.ledger, {
      pricing: prices,
      ...span,
      current: { provider: 'rival', model: 'large' },
      targets: [
        { provider: 'house', model: 'large' },
        { provider: 'house', model: 'small' },
        { provider: 'house', model: 'nobody-knows' },
      ],
    });
    const [sum] = await traffic.ledger.sum({ by: [], filter: { ...span, match: { provider: ['rival'] } } });
    // Sixty days were seen: a month is half of them.
    expect(amountOf(migration.currentMonthlyCost)).toBe(sum?.cost.amount.times('0.5').toFixed());
    expect(migration.targets.map(({ model }) => model)).toEqual(['small', 'large', 'nobody-knows']);
    expect(migration.targets[0]?.monthlySavings).toEqual(migration.projectedSavings);
    expect(migration.targets[1]?.monthlySavings?.amount.lt('0')).toBe(true);
    expect(migration.targets[2]).toMatchObject({ unpriced: migration.calls });
  });

  it('promises nothing when every move costs more', async () => {
    const migration = await estimateTrafficMigration(traffic.ledger, {
      pricing: prices,
      ...span,
      current: { provider: 'house', model: 'small' },
      targets: [{ provider: 'house', model: 'large' }],
    });
    expect(migration.projectedSavings).toEqual(money('0'));
  });
});
