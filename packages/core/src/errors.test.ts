import { describe, expect, it } from 'vitest';
import { describe as describeValue, GenOpsError, hasErrorCode, isGenOpsError, UsageError } from './errors.ts';

describe('isGenOpsError', () => {
  it('recognises errors of another copy of the package', () => {
    const foreign = Object.assign(new Error('x'), {
      [Symbol.for('@genops/error')]: true,
      code: 'invalid_usage',
    });
    expect(isGenOpsError(foreign)).toBe(true);
    expect(hasErrorCode(foreign, 'invalid_usage')).toBe(true);
    expect(hasErrorCode(foreign, 'invalid_money')).toBe(false);
  });

  it.each([undefined, null, 'text', new Error('x'), {}])('does not take %j for one', (value) => {
    expect(isGenOpsError(value)).toBe(false);
  });
});

describe('GenOpsError', () => {
  it('has the name of its class, a code and a cause', () => {
    const cause = new Error('below');
    const error = new GenOpsError('ledger_unavailable', 'above', { cause });
    expect([error.name, error.code, error.cause]).toEqual(['GenOpsError', 'ledger_unavailable', cause]);
    expect(new UsageError('a', 1, 'b').name).toBe('UsageError');
  });
});

describe('describe', () => {
  it('shows values short and quoted', () => {
    expect(describeValue('x'.repeat(200))).toHaveLength(82);
    expect([describeValue({}), describeValue([]), describeValue(null), describeValue(1.5)]).toEqual([
      'an object',
      'an array',
      'null',
      '1.5',
    ]);
  });
});
