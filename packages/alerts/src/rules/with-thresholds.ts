import type { Limit } from '@genops/core';
import { patternTest } from './pattern.ts';
import type { AlertRule } from './schema.ts';

/**
 * Gives limits that name no thresholds of their own the percentages that rules want to tell: a ledger announces
 * only what a limit asks it to.
 *
 * @returns the limits, those with thresholds of their own unchanged
 */
export function withThresholds<AnyLimit extends Pick<Limit, 'id' | 'thresholds'>>(
  limits: readonly AnyLimit[],
  rules: readonly AlertRule[],
): readonly AnyLimit[] {
  return limits.map((limit) => {
    if (limit.thresholds !== undefined) return limit;
    const wanted = rules.flatMap((rule) =>
      rule.kind === 'threshold' && patternTest(rule.limits)(limit.id) ? rule.at : [],
    );
    if (wanted.length === 0) return limit;
    return { ...limit, thresholds: [...new Set(wanted)].sort((left, right) => left - right) };
  });
}
