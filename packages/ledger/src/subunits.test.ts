import { Decimal } from '@genops/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { subunitsToDecimal, subunitsToText, textToSubunits, toSubunits } from './subunits.ts';

describe('toSubunits', () => {
  it.each([
    ['0', 0n],
    ['1', 1_000_000_000_000n],
    ['0.000000000001', 1n],
    ['0.0000000000001', 1n],
    ['0.0000000000019', 2n],
    ['1.0000000000001', 1_000_000_000_001n],
    ['-0.000000000001', -1n],
    ['-0.0000000000019', -1n],
    ['999999999999999999', 999_999_999_999_999_999_000_000_000_000n],
  ])('reads %s, and rounds what is finer up', (text, subunits) => {
    expect(toSubunits(new Decimal(text))).toBe(subunits);
  });

  it('keeps every whole number of sub-units as it is', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (subunits) => {
        expect(textToSubunits(subunitsToText(subunits))).toBe(subunits);
        expect(toSubunits(subunitsToDecimal(subunits))).toBe(subunits);
      }),
    );
  });

  it('never counts an amount as less than it is, nor as a whole sub-unit more', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 25n }),
        fc.integer({ min: 0, max: 30 }),
        (digits, decimals) => {
          const amount = new Decimal(digits.toString()).times(new Decimal(`1e-${decimals}`));
          const counted = subunitsToDecimal(toSubunits(amount));
          expect(counted.gte(amount)).toBe(true);
          expect(counted.minus(amount).lt('0.000000000001')).toBe(true);
        },
      ),
    );
  });
});
