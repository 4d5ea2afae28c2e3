import { addMoney, amountOf, type Money, money } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { costOf, sampleEntry } from '../../test/sample-entry.ts';
import { spikeAt, trafficFrom } from '../../test/traffic.ts';
import { useTrafficLedger } from '../../test/traffic-ledger.ts';
import { findCostSpikes, type HourCost, hourlyCosts } from './cost-spikes.ts';
import { createEfficiencyWatch } from './efficiency-drops.ts';
import { createErrorRates } from './error-rates.ts';

const traffic = useTrafficLedger();

const hourMs = 3_600_000;

/** Hours of some weeks from a Monday on. */
function hours(count: number, cost: (hour: number) => number): HourCost[] {
  const start = Date.parse('2026-07-06T00:00:00Z');
  return Array.from({ length: count }, (_, hour) => ({
    from: new Date(start + hour * hourMs).toISOString(),
    until: new Date(start + (hour + 1) * hourMs).toISOString(),
    cost: money(cost(hour).toFixed(9)),
  }));
}

describe('findCostSpikes', () => {
  it('finds the hour of real traffic in which a team called eight times as often', async () => {
    const spent: { from: string; until: string; cost: Money }[] = hours(24 * 46, () => 0);
    for (const { at, attribution, cost } of traffic.entries) {
      const hour = spent[Math.floor((Date.parse(at) - Date.parse(trafficFrom)) / hourMs)];
      if (hour === undefined || attribution.team !== 'ads' || cost.result !== 'priced') continue;
      hour.cost = addMoney(hour.cost, cost.total);
    }
    const lastDay = { from: '2026-08-20T00:00:00.000Z', until: '2026-08-21T00:00:00.000Z' };
    const summed = await hourlyCosts(traffic.ledger, { ...lastDay, match: { team: ['ads'] } });
    expect(summed.map(({ from, cost }) => `${from} ${amountOf(cost)}`)).toEqual(
      spent.slice(-24).map(({ from, cost }) => `${from} ${amountOf(cost)}`),
    );
    const spikes = findCostSpikes(spent, { lastHours: 24 });
    expect(spikes.map(({ from }) => from)).toContain(spikeAt);
    const [dearest] = [...spikes].sort((left, right) => right.cost.amount.cmp(left.cost.amount));
    expect(dearest).toMatchObject({ from: spikeAt, baseline: 'hour_of_week', comparedWith: 6 });
    expect(dearest?.times).toBeGreaterThan(4);
  });

  it('knows that Monday noon is dearer than Sunday night', () => {
    const weekly = hours(
      24 * 7 * 6,
      (hour) => (hour % 168 < 120 && hour % 24 > 8 ? 10 : 1) + (hour % 5) / 100,
    );
    expect(findCostSpikes(weekly, { lastHours: 168 })).toEqual([]);
    const night = weekly.map((hour, index) =>
      index === weekly.length - 2 ? { ...hour, cost: money('10') } : hour,
    );
    expect(findCostSpikes(night, { lastHours: 168 })).toMatchObject([{ baseline: 'hour_of_week' }]);
  });

  it('is not blinded by a spike before', () => {
    const two = hours(24 * 7 * 6, (hour) => (hour === 500 || hour === 1007 ? 50 : 1 + (hour % 3) / 50));
    expect(findCostSpikes(two, { lastHours: 2 })).toHaveLength(1);
  });

  it('compares with hours of the day, or the hours just before, while there is no more', () => {
    const young = hours(24 * 6, (hour) => (hour === 143 ? 30 : 1 + (hour % 7) / 50));
    expect(findCostSpikes(young)).toMatchObject([{ baseline: 'hour_of_day', comparedWith: 5 }]);
    const newborn = hours(6, (hour) => (hour === 5 ? 30 : 1));
    expect(findCostSpikes(newborn)).toMatchObject([{ baseline: 'recent', comparedWith: 5 }]);
    expect(findCostSpikes(newborn.slice(0, 3))).toEqual([]);
  });

  it('leaves small change alone', () => {
    const quiet = hours(200, (hour) => (hour === 199 ? 0.002 : 0));
    expect(findCostSpikes(quiet)).toHaveLength(1);
    expect(findCostSpikes(quiet, { atLeast: money('0.01') })).toEqual([]);
    const steady = hours(200, (hour) => (hour === 199 ? 1.5 : 1));
    expect(findCostSpikes(steady)).toEqual([]);
  });
});

describe('createErrorRates', () => {
  it('raises no alarm for one of three, and one for sixty of six hundred', () => {
    const rates = createErrorRates();
    for (let index = 0; index < 3; index += 1) {
      rates.see(
        sampleEntry(`few-${index}`, { requestModel: 'few', outcome: index === 0 ? 'failed' : 'completed' }),
      );
    }
    for (let index = 0; index < 600; index += 1) {
      const outcome = index % 10 === 0 ? 'failed' : 'completed';
      rates.see(sampleEntry(`many-${index}`, { requestModel: 'many', outcome }));
      rates.see(sampleEntry(`good-${index}`, { requestModel: 'good' }));
    }
    expect(rates.rates().map(({ group, state }) => [group['model'], state])).toEqual([
      ['many', 'above'],
      ['few', 'undecided'],
      ['good', 'below'],
    ]);
  });

  it('blames nobody for calls that were refused, or that the caller left', () => {
    const rates = createErrorRates();
    rates.see(sampleEntry('left', { outcome: 'cancelled' }));
    rates.see(sampleEntry('refused', { kind: 'refused', outcome: 'failed' }));
    expect(rates.rates()).toEqual([]);
  });
});

describe('createEfficiencyWatch', () => {
  const since = '2026-08-15T00:00:00.000Z';
  const day = (index: number, after: boolean): string =>
    `2026-08-${after ? 16 : 14}T10:00:${10 + (index % 50)}.000Z`;

  it('finds a router that chooses worse than before, and money that buys fewer tokens', () => {
    const watch = createEfficiencyWatch({ since });
    for (let index = 0; index < 80; index += 1) {
      const after = index % 2 === 1;
      const cost = (after ? 0.02 : 0.01) * (1 + (index % 5) / 20);
      watch.see(
        sampleEntry(`c${index}`, {
          at: day(index, after),
          cost: costOf(cost.toFixed(6)),
          decision: {
            verdict: 'allowed',
            rules: [],
            limits: [],
            routing: { strategy: 'cost', candidates: [], routeEfficiency: after ? 0.5 : 0.95 },
          },
        }),
      );
      watch.see(sampleEntry(`s${index}`, { at: day(index, after), requestModel: 'steady' }));
    }
    expect(watch.drops()).toMatchObject([
      { measure: 'tokens_per_unit', group: { model: 'gpt-4o-mini' }, calls: [40, 40] },
      { measure: 'route_efficiency', before: expect.closeTo(0.95), after: 0.5, pValue: 0 },
    ]);
  });

  it('makes nothing of what got better, or of a single call', () => {
    const watch = createEfficiencyWatch({ since });
    for (let index = 0; index < 40; index += 1) {
      const after = index % 2 === 1;
      watch.see(sampleEntry(`c${index}`, { at: day(index, after), cost: costOf(after ? '0.01' : '0.02') }));
    }
    watch.see(sampleEntry('x', { at: day(1, false), requestModel: 'rare', cost: costOf('0.01') }));
    watch.see(sampleEntry('y', { at: day(1, true), requestModel: 'rare', cost: costOf('0.09') }));
    expect(watch.drops()).toEqual([]);
  });
});
