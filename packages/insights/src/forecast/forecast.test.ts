import { amountOf, Decimal, type LimitState, money } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../test/random.ts';
import { useTrafficLedger } from '../../test/traffic-ledger.ts';
import { backTest, ratioInterval } from './back-test.ts';
import { fitDailyModel } from './daily-model.ts';
import { forecastExhaustion } from './exhaustion.ts';
import { type Forecast, forecast } from './forecast.ts';

const week = [1.2, 1.2, 1.1, 1.1, 1, 0.7, 0.7];

describe('fitDailyModel', () => {
  it('finds the week, the level and the trend that a series was made with', () => {
    const values = Array.from({ length: 63 }, (_, day) => (100 + day) * (week[day % 7] as number));
    const model = fitDailyModel(values, 0);
    model.weekdays.forEach((factor, day) => {
      expect(factor).toBeCloseTo(week[day] as number, 1);
    });
    expect(model.level).toBeGreaterThan(155);
    expect(model.level).toBeLessThan(168);
    expect(model.trend).toBeGreaterThan(0);
  });

  it('is not led astray by one wild day', () => {
    const calm = Array.from({ length: 42 }, (_, day) => 100 * (week[day % 7] as number) + (day % 3));
    const wild = calm.map((value, day) => (day === 39 ? value * 20 : value));
    expect(fitDailyModel(wild, 0).at(1)).toBeLessThan(1.2 * fitDailyModel(calm, 0).at(1));
  });

  it('stays at nothing where nothing is spent', () => {
    const model = fitDailyModel(new Array(30).fill(0), 3);
    expect(model.at(1)).toBe(0);
    expect(model.at(30)).toBe(0);
  });
});

describe('backTest', () => {
  const random = seededRandom(7);
  const noisy = Array.from(
    { length: 90 },
    (_, day) => 100 * (week[day % 7] as number) * (0.9 + 0.2 * random()),
  );

  it('foretells a seasonal series better than the week before does', () => {
    const tested = backTest(noisy, 0, 7);
    expect(tested?.trials).toBe(90 - 21 - 7 + 1);
    expect(tested?.error).toBeLessThan(0.05);
    expect(tested?.error).toBeLessThan(tested?.naiveError ?? 0);
    expect(Math.abs(tested?.bias ?? 1)).toBeLessThan(0.02);
  });

  it('gives an interval that holds as many of its trials as it says', () => {
    const tested = backTest(noisy, 0, 7);
    if (tested === undefined) throw new Error('expected a back-test');
    const [low, high] = ratioInterval(tested, 0.8) ?? [0, 0];
    const inside = tested.ratios.filter((ratio) => ratio >= low && ratio <= high).length;
    expect(inside / tested.ratios.length).toBeGreaterThan(0.77);
    expect(inside / tested.ratios.length).toBeLessThan(0.84);
  });

  it('says nothing of too few days', () => {
    expect(backTest(noisy.slice(0, 31), 0, 7)).toBeUndefined();
  });
});

const traffic = useTrafficLedger();

describe('forecast', () => {
  const now = '2026-08-22T12:00:00.000Z';

  it('foretells the end of a month: what was spent exactly, and the rest within what came', async () => {
    const foretold = await forecast(traffic.ledger, { now });
    if (foretold.result !== 'forecast') throw new Error(foretold.message);
    const month = { from: '2026-08-01T00:00:00.000Z', until: '2026-09-01T00:00:00.000Z' };
    const [sofar] = await traffic.ledger.sum({ by: [], filter: { from: month.from, until: now } });
    const [real] = await traffic.ledger.sum({ by: [], filter: month });
    expect(foretold).toMatchObject(month);
    expect(amountOf(foretold.spent)).toBe(sofar && amountOf(sofar.cost));
    const end = Number(real?.cost.amount.toFixed());
    expect(Number(foretold.expected.amount.toFixed()) / end).toBeGreaterThan(0.9);
    expect(Number(foretold.expected.amount.toFixed()) / end).toBeLessThan(1.1);
    expect(foretold.interval.low.amount.lt(foretold.expected.amount)).toBe(true);
    expect(foretold.interval.high.amount.gt(foretold.expected.amount)).toBe(true);
    expect(foretold.backTest.trials).toBeGreaterThanOrEqual(5);
    expect(foretold.backTest.error).toBeLessThan(0.2);
    expect(foretold.days[0]?.from).toBe(now);
    expect(foretold.days.length).toBe(10);
  });

  it('adds its days up to what it expects', async () => {
    const foretold = await forecast(traffic.ledger, { now, timeZone: 'Asia/Kolkata', period: 'week' });
    if (foretold.result !== 'forecast') throw new Error(foretold.message);
    const rest = foretold.days.reduce((sum, { expected }) => sum + expected, 0);
    const expected = foretold.expected.amount.minus(foretold.spent.amount);
    expect(rest).toBeCloseTo(Number(expected.toFixed()), 5);
    expect(foretold.from).toBe('2026-08-16T18:30:00.000Z');
  });

  it('foretells one team alone', async () => {
    const all = await forecast(traffic.ledger, { now });
    const team = await forecast(traffic.ledger, { now, match: { team: ['search'] } });
    if (all.result !== 'forecast' || team.result !== 'forecast') throw new Error('expected forecasts');
    expect(team.expected.amount.lt(all.expected.amount)).toBe(true);
  });

  it('refuses to foretell from a handful of days, and says how many it needs', async () => {
    expect(await forecast(traffic.ledger, { now: '2026-07-20T12:00:00.000Z' })).toMatchObject({
      result: 'too_little_data',
      days: 13,
      neededDays: 37,
    });
    expect(await forecast(traffic.ledger, { now, match: { team: ['nobody'] } })).toMatchObject({
      result: 'too_little_data',
      days: 0,
    });
  });

  it('asks for what can be meant', async () => {
    await expect(forecast(traffic.ledger, { now: 'soon' })).rejects.toThrow(/now: expected an instant/);
    await expect(forecast(traffic.ledger, { now, historyDays: 0 })).rejects.toThrow(/historyDays/);
  });
});

describe('forecastExhaustion', () => {
  const foretold: Forecast = {
    result: 'forecast',
    from: '2026-08-01T00:00:00.000Z',
    until: '2026-08-15T00:00:00.000Z',
    spent: money('100'),
    expected: money('140'),
    interval: { low: money('120'), high: money('180'), coverage: 0.8 },
    days: ['11', '12', '13', '14'].map((day) => ({ from: `2026-08-${day}T00:00:00.000Z`, expected: 10 })),
    model: { weekdays: [], level: 10, trend: 0 },
    backTest: { horizonDays: 4, trials: 9, error: 0, bias: 0, naiveError: 0 },
    historyDays: 40,
  };
  const state = (available: string): LimitState => ({
    limitId: 'monthly',
    bucket: '',
    unit: 'money',
    mode: 'enforced',
    amount: '130',
    settled: new Decimal('130').minus(available).toFixed(),
    held: '0',
    available,
    resetsAt: '2026-09-01T00:00:00.000Z',
  });

  it('says when nothing will be left, at the earliest and at the latest', () => {
    // 10 a day: 15 last a day and a half; at 20 a day three quarters of one, at 5 a day three.
    expect(forecastExhaustion(state('15'), foretold)).toMatchObject({
      result: 'runs_out',
      at: '2026-08-12T12:00:00.000Z',
      earliest: '2026-08-11T18:00:00.000Z',
      latest: '2026-08-14T00:00:00.000Z',
    });
  });

  it('says that a budget lasts, and when it would not', () => {
    expect(forecastExhaustion(state('60'), foretold)).toMatchObject({
      result: 'lasts',
      earliest: '2026-08-14T00:00:00.000Z',
    });
    expect(forecastExhaustion(state('500'), foretold)).not.toHaveProperty('earliest');
  });

  it('looks no further than the window of the limit', () => {
    const soon = { ...state('15'), resetsAt: '2026-08-12T00:00:00.000Z' };
    expect(forecastExhaustion(soon, foretold)).toMatchObject({
      result: 'lasts',
      until: '2026-08-12T00:00:00.000Z',
      earliest: '2026-08-11T18:00:00.000Z',
    });
  });

  it('knows what is over already, what is no money, and what nobody can tell', () => {
    expect(forecastExhaustion(state('0'), foretold).result).toBe('exhausted');
    expect(forecastExhaustion({ ...state('1'), unit: 'tokens' }, foretold).result).toBe('not_money');
    const none: Forecast = { result: 'too_little_data', days: 2, neededDays: 30, message: '' };
    expect(forecastExhaustion(state('1'), none)).toBe(none);
  });
});
