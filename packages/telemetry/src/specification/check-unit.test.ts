import { describe, expect, it } from 'vitest';
import { checkUnit, checkUnits, isCompliant, type UnitSpan } from './check-unit.ts';

const money = { reserved: 0.5, unit: 'USD' };
const good: UnitSpan = {
  attributes: {
    'genops.spec.version': '0.1.0',
    'genops.team': 'search',
    'genops.project': 'ranking',
    'genops.environment': 'test',
    'genops.operation.name': 'chat gpt-4o',
    'genops.operation.type': 'ai.inference',
    'genops.operation.id': 'op_1',
    'genops.operation.attempt': 1,
    'genops.policy.result': 'ALLOWED',
    'genops.accounting.reserved': 0.5,
    'genops.accounting.actual': 0.2,
    'genops.accounting.unit': 'USD',
  },
  events: [
    { name: 'genops.policy.evaluated', attributes: { 'genops.policy.result': 'ALLOWED' } },
    { name: 'genops.budget.reservation', attributes: money },
    {
      name: 'genops.budget.reconciliation',
      attributes: { ...money, actual: 0.2, reconciliation_delta: -0.3 },
    },
  ],
};
const [evaluated, reservation, reconciliation] = good.events as [
  UnitSpan['events'][0],
  UnitSpan['events'][0],
  UnitSpan['events'][0],
];

function changed(attributes: Record<string, unknown>, events: UnitSpan['events'] = good.events): UnitSpan {
  const all = { ...good.attributes, ...attributes };
  return {
    attributes: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
    events,
  };
}

const rulesOf = (unit: UnitSpan): string[] => checkUnit(unit).map(({ rule }) => rule);

describe('checkUnit', () => {
  it('finds nothing in a unit that is as the specification has it', () => {
    expect(checkUnit(good)).toEqual([]);
    expect(isCompliant(good)).toBe(true);
  });

  it.each<[string, UnitSpan, string]>([
    ['a team that is not there', changed({ 'genops.team': undefined }), 'required-attribute'],
    ['another version', changed({ 'genops.spec.version': '0.2.0' }), 'version'],
    [
      'a result in lower case',
      changed({ 'genops.policy.result': 'allowed', 'genops.policy.reason_code': 'x_a' }, [
        { name: 'genops.policy.evaluated' },
        reservation,
        reconciliation,
      ]),
      'policy-result',
    ],
    [
      'a reason where all is allowed',
      changed({ 'genops.policy.reason_code': 'BUDGET_EXCEEDED' }),
      'reason-code',
    ],
    [
      'a reason that nobody defined',
      changed({ 'genops.policy.result': 'WARNING', 'genops.policy.reason_code': 'TOO_DEAR' }, [
        { name: 'genops.policy.evaluated' },
        reservation,
        reconciliation,
      ]),
      'reason-code',
    ],
    [
      'a warning without a reason',
      changed({ 'genops.policy.result': 'WARNING' }, [
        { name: 'genops.policy.evaluated' },
        reservation,
        reconciliation,
      ]),
      'reason-code',
    ],
    ['an evaluation that is not there', changed({}, [reservation, reconciliation]), 'event-missing'],
    ['events in another order', changed({}, [reservation, evaluated, reconciliation]), 'event-order'],
    [
      'an event that is there twice',
      changed({}, [evaluated, evaluated, reservation, reconciliation]),
      'event-twice',
    ],
    ['a reservation that was dropped', changed({}, [evaluated, reservation]), 'reconciliation'],
    ['a reconciliation out of nothing', changed({}, [evaluated, reconciliation]), 'reconciliation'],
    [
      'two units',
      changed({}, [evaluated, { ...reservation, attributes: { ...money, unit: 'EUR' } }, reconciliation]),
      'unit',
    ],
    [
      'a difference that is none',
      changed({}, [
        evaluated,
        reservation,
        { ...reconciliation, attributes: { ...reconciliation.attributes, reconciliation_delta: 0.3 } },
      ]),
      'delta',
    ],
    [
      'an amount below zero',
      changed({ 'genops.accounting.actual': -1 }, [
        evaluated,
        reservation,
        { ...reconciliation, attributes: { ...money, actual: -1, reconciliation_delta: -1.5 } },
      ]),
      'amount',
    ],
    ['an attribute that is null', changed({ 'genops.feature': null }), 'placeholder'],
    ['an attribute that stands for nothing', changed({ 'genops.feature': 'unknown' }), 'placeholder'],
    ['a declaration that is not true', changed({ 'genops.spec.missing': ['genops.team'] }), 'declaration'],
  ])('finds %s', (_what, unit, rule) => {
    expect(rulesOf(unit)).toEqual([rule]);
    expect(isCompliant(unit)).toBe(false);
  });

  it('finds work that ran although it was blocked', () => {
    const attributes = { 'genops.policy.result': 'BLOCKED', 'genops.policy.reason_code': 'BUDGET_EXCEEDED' };
    const unit = changed(attributes, [{ name: 'genops.policy.evaluated' }, reservation, reconciliation]);
    expect(rulesOf(unit)).toEqual(['reconciliation']);
  });

  it('takes what is missing and says so for partial, not for wrong', () => {
    const unit = changed({ 'genops.team': undefined, 'genops.spec.missing': ['genops.team'] });
    expect(checkUnit(unit)).toMatchObject([{ severity: 'declared', rule: 'required-attribute' }]);
    expect(isCompliant(unit)).toBe(true);
  });

  it('takes an incomplete reconciliation for what it is', () => {
    const incomplete = { ...reconciliation, attributes: { ...money, incomplete: true } };
    expect(checkUnit(changed({}, [evaluated, reservation, incomplete]))).toEqual([]);
  });
});

describe('checkUnits', () => {
  it('finds two units of one attempt', () => {
    expect(checkUnits([good, changed({ 'genops.operation.attempt': 2 })])).toEqual([]);
    expect(checkUnits([good, good]).map(({ rule }) => rule)).toEqual(['attempt']);
  });
});
