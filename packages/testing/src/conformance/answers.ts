import { type Dialect, splitUsage } from '@genops/core';
import { expect, it } from 'vitest';
import type { ExchangeFixture } from './provider-fixtures.ts';
import { usageSeen } from './seen.ts';

/** A whole answer is read to exactly its facts, whose counters can be priced. */
export function testAnswers(dialect: Dialect, { bytes, facts }: ExchangeFixture['answer']): void {
  it('reads its answer', ({ task }) => {
    expect(dialect.readAnswer(bytes)).toEqual(facts);
    task.meta.seen = { operation: dialect.operation, usage: usageSeen(facts) };
  });

  it('reads counters whose meters sum to them', () => {
    const { usage = {} } = dialect.readAnswer(bytes);
    expect(() => splitUsage(usage)).not.toThrow();
  });
}
