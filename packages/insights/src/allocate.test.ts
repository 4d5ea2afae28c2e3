import { addMoney, amountOf, type Money, money, sumMoney } from '@genops/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AllocationRule, allocateShared, splitUnattributed } from './allocate.ts';

const direct = { ads: money('30'), search: money('10'), support: money('0') };
const parts = (rule: AllocationRule, shared = '10', decimals?: number) =>
  Object.fromEntries(
    allocateShared({ direct, shared: money(shared), rule, ...(decimals !== undefined && { decimals }) }).map(
      ({ name, shared: part }) => [name, amountOf(part)],
    ),
  );

describe('allocateShared', () => {
  it('splits evenly, by spending, and by shares agreed upon', () => {
    expect(parts({ rule: 'proportional' })).toEqual({ ads: '7.5', search: '2.5', support: '0' });
    expect(parts({ rule: 'even' }, '10', 2)).toEqual({ ads: '3.34', search: '3.33', support: '3.33' });
    expect(parts({ rule: 'fixed', shares: { search: '3', support: '1' } })).toEqual({
      ads: '0',
      search: '7.5',
      support: '2.5',
    });
  });

  it('adds up to what was given, to the last digit, whatever it was', () => {
    const amount = fc
      .tuple(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), fc.integer({ min: 0, max: 999_999_999 }))
      .map(([whole, fraction]) =>
        `${whole}.${String(fraction).padStart(9, '0')}00000000000007`.replace(/^-0\./, '0.'),
      );
    const positive = fc.tuple(fc.nat(), fc.nat(999_999)).map(([whole, part]) => `${whole}.${part}`);
    const rule = fc.constantFrom<'even' | 'proportional' | 'fixed'>('even', 'proportional', 'fixed');
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), positive, { minKeys: 1, maxKeys: 12 }),
        amount,
        rule,
        fc.integer({ min: 0, max: 15 }),
        (spending, shared, name, decimals) => {
          fc.pre(name !== 'fixed' || Object.values(spending).some((weight) => Number(weight) > 0));
          const own: Record<string, Money> = Object.create(null);
          for (const [key, value] of Object.entries(spending)) own[key] = money(value);
          const given: AllocationRule = name === 'fixed' ? { rule: name, shares: spending } : { rule: name };
          const all = allocateShared({ direct: own, shared: money(shared), rule: given, decimals });
          expect(amountOf(sumMoney(all.map((part) => part.shared)))).toBe(amountOf(money(shared)));
          const whole = addMoney(sumMoney(Object.values(own)), money(shared));
          expect(amountOf(sumMoney(all.map(({ total }) => total)))).toBe(amountOf(whole));
          const sign = money(shared).amount.lt('0') ? -1 : 1;
          for (const part of all) expect(part.shared.amount.times(String(sign)).gte('0')).toBe(true);
        },
      ),
    );
  });

  it('never differs from the exact share by a whole last digit', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 9 }), (weights) => {
        const own = Object.fromEntries(weights.map((weight, index) => [`t${index}`, money(String(weight))]));
        const sum = weights.reduce((left, right) => left + right, 0);
        const all = allocateShared({
          direct: own,
          shared: money('100'),
          rule: { rule: 'proportional' },
          decimals: 2,
        });
        all.forEach(({ name, shared }) => {
          const exact = (100 * Number(own[name]?.amount.toFixed())) / sum;
          expect(Math.abs(Number(amountOf(shared)) - exact)).toBeLessThan(0.01);
        });
      }),
    );
  });

  it('shares alike where nobody spent anything, and pays nobody for sharing', () => {
    const nothing = { a: money('0'), b: money('0') };
    const even = allocateShared({ direct: nothing, shared: money('1'), rule: { rule: 'proportional' } });
    expect(even.map(({ shared }) => amountOf(shared))).toEqual(['0.5', '0.5']);
    const credited = { a: money('-5'), b: money('5') };
    const all = allocateShared({ direct: credited, shared: money('1'), rule: { rule: 'proportional' } });
    expect(all.map(({ shared }) => amountOf(shared))).toEqual(['0', '1']);
  });

  it('refuses what cannot be meant', () => {
    const shared = money('1');
    expect(() => allocateShared({ direct: {}, shared, rule: { rule: 'even' } })).toThrow(/got nobody/);
    expect(() => allocateShared({ direct, shared, rule: { rule: 'fixed', shares: { ads: '-1' } } })).toThrow(
      /ads/,
    );
    expect(() => allocateShared({ direct, shared, rule: { rule: 'fixed', shares: {} } })).toThrow(/above 0/);
    expect(() => allocateShared({ direct, shared: money('1', 'EUR'), rule: { rule: 'even' } })).toThrow(
      /EUR/,
    );
  });
});

describe('splitUnattributed', () => {
  it('tells what teams spent from what nobody in particular did', () => {
    const rows = [
      { group: { team: 'ads' }, cost: money('2') },
      { group: { team: null }, cost: money('1') },
      { group: { team: '__proto__' }, cost: money('3') },
      { group: { team: 'ads' }, cost: money('9', 'EUR') },
    ];
    const split = splitUnattributed(rows, 'team');
    expect(amountOf(split.shared)).toBe('1');
    expect(Object.entries(split.direct).map(([name, cost]) => [name, amountOf(cost)])).toEqual([
      ['ads', '2'],
      ['__proto__', '3'],
    ]);
  });
});
