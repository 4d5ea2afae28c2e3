import { describe, expect, it } from 'vitest';
import { isDisabled, readEnvironment, unknownVariables } from './environment.ts';

describe('readEnvironment', () => {
  it('takes a variable that is set to nothing for one that is not set', () => {
    expect(readEnvironment({ GENOPS_TEAM: '', GENOPS_MODE: ' ' })).toEqual({ attribution: {}, limits: [] });
  });

  it('reads a budget for each window, the general name before the particular one', () => {
    const { limits } = readEnvironment({
      GENOPS_DAILY_BUDGET_LIMIT: '25.50',
      SKYROUTER_DAILY_BUDGET_LIMIT: '99',
      GENOPS_MONTHLY_BUDGET_LIMIT: '500',
      GENOPS_BUDGET_CURRENCY: 'EUR',
    });
    expect(limits).toMatchObject([
      { id: 'daily-budget', amount: '25.50', window: 'day', currency: 'EUR', mode: 'enforced' },
      { id: 'monthly-budget', amount: '500', window: 'month', currency: 'EUR', mode: 'enforced' },
    ]);
    expect(readEnvironment({ SKYROUTER_DAILY_BUDGET_LIMIT: '99' }).limits).toMatchObject([{ amount: '99' }]);
  });

  it('makes strict stricter than enforced, and never looser', () => {
    expect(
      readEnvironment({ GENOPS_GOVERNANCE_POLICY: 'strict', GENOPS_DAILY_BUDGET_LIMIT: '1' }),
    ).toMatchObject({
      onUnpriced: 'block',
      onUnknownRoute: 'refuse',
      limits: [{ mode: 'enforced' }],
    });
  });

  it('keeps the ledger in the data directory unless it is told where', () => {
    expect(readEnvironment({ GENOPS_DATA_DIR: '/data/' }).ledger).toBe('/data/ledger.db');
    expect(readEnvironment({ GENOPS_DATA_DIR: '/data', GENOPS_LEDGER: 'memory' }).ledger).toBe('memory');
  });

  it.each([
    [{ GENOPS_TAGS: 'gold' }, 'GENOPS_TAGS'],
    [{ GENOPS_LIVE_PRICES: 'openrouter,azure' }, 'GENOPS_LIVE_PRICES: expected some of openrouter'],
    [{ GENOPS_DAILY_BUDGET_LIMIT: '-1' }, 'GENOPS_DAILY_BUDGET_LIMIT'],
    [{ GENOPS_DAILY_BUDGET_LIMIT: '1e3' }, 'GENOPS_DAILY_BUDGET_LIMIT'],
    [{ GENOPS_ON_UNKNOWN_ROUTE: 'ignore' }, 'GENOPS_ON_UNKNOWN_ROUTE'],
    [{ GENOPS_TEAM: 'x'.repeat(300) }, 'attribution.team'],
  ])('refuses %j', (environment, path) => {
    expect(() => readEnvironment(environment)).toThrow(path);
  });
});

describe('GENOPS_LIVE_PRICES', () => {
  it('names lists, in any case', () => {
    expect(readEnvironment({ GENOPS_LIVE_PRICES: ' OpenRouter ' }).livePrices).toEqual(['openrouter']);
  });
});

describe('unknownVariables', () => {
  it('finds slips of the pen', () => {
    expect(
      unknownVariables({ GENOPS_TEAM: 'a', GENOPS_TAG_X: 'b', GENOPS_PROJCT: 'c', PATH: '/bin' }),
    ).toEqual(['GENOPS_PROJCT']);
  });
});

describe('isDisabled', () => {
  it('is a plain yes or no', () => {
    expect([{}, { GENOPS_DISABLED: '0' }, { GENOPS_DISABLED: 'TRUE' }].map(isDisabled)).toEqual([
      false,
      false,
      true,
    ]);
    expect(() => isDisabled({ GENOPS_DISABLED: 'perhaps' })).toThrow('GENOPS_DISABLED');
  });
});
