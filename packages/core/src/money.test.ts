import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasErrorCode } from './errors.ts';
import {
  addMoney,
  amountOf,
  compareMoney,
  Decimal,
  formatMoney,
  money,
  moneyFromJson,
  moneyToJson,
  multiplyMoney,
  parseDecimal,
  roundMoney,
  subtractMoney,
  sumMoney,
} from './money.ts';

const amount = fc
  .tuple(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), fc.integer({ min: 0, max: 12 }))
  .map(([digits, places]) => new Decimal(digits.toString()).times(new Decimal(`1e-${places}`)));

describe('parseDecimal', () => {
  it.each(['0', '-1', '0.0000000000415', '123456789012345678.5'])('takes %s', (text) => {
    expect(parseDecimal(text).toFixed()).toBe(text);
  });

  it.each([
    '',
    ' 1',
    '1.',
    '.5',
    '1e-8',
    '01',
    '+1',
    'NaN',
    'Infinity',
    '1,000',
    '0x10',
    '1'.repeat(19),
    '--1',
  ])('refuses %j', (text) => {
    expect(() => parseDecimal(text)).toThrow(/Expected a plain decimal/);
  });

  it('refuses a float, which has already lost its digits', () => {
    expect(() => parseDecimal(0.1 as unknown as string)).toThrow(/Expected a plain decimal/);
    expect(() => new Decimal(0.1)).toThrow();
  });
});

describe('money', () => {
  it('adds what floats cannot', () => {
    expect(amountOf(addMoney(money('0.1'), money('0.2')))).toBe('0.3');
    expect(amountOf(sumMoney(Array.from({ length: 10 }, () => money('0.00000015'))))).toBe('0.0000015');
  });

  it('never writes an exponent', () => {
    expect(formatMoney(multiplyMoney(money('0.05'), '0.000001'))).toBe('0.00000005 USD');
    expect(JSON.stringify({ value: money('0.00000005').amount })).toBe('{"value":"0.00000005"}');
  });

  it('does not mix currencies', () => {
    for (const combine of [addMoney, subtractMoney, compareMoney]) {
      try {
        combine(money('1', 'USD'), money('1', 'EUR'));
        expect.unreachable();
      } catch (error) {
        expect(hasErrorCode(error, 'currency_mismatch')).toBe(true);
      }
    }
  });

  it('rounds only when asked, halves away from zero', () => {
    expect(amountOf(roundMoney(money('0.125'), 2))).toBe('0.13');
    expect(amountOf(roundMoney(money('-0.125'), 2))).toBe('-0.13');
  });

  it('comes back from JSON as it was', () => {
    fc.assert(
      fc.property(amount, (value) => {
        const before = money(value, 'EUR');
        const after = moneyFromJson(JSON.parse(JSON.stringify(moneyToJson(before))));
        expect(after.amount.eq(before.amount)).toBe(true);
        expect(after.currency).toBe('EUR');
      }),
    );
  });

  it('sums to the same in any order', () => {
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 30 }), (values) => {
        const forward = sumMoney(values.map((value) => money(value)));
        const backward = sumMoney(values.map((value) => money(value)).reverse());
        expect(amountOf(forward)).toBe(amountOf(backward));
      }),
    );
  });
});
