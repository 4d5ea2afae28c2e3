import type { BreakerChanged } from '@genops/core';
import type { BreakerOptions } from './breaker.ts';

/** A breaker's options, so that whoever listens is told of whom it is. */
export function tellingBreaker(
  options: BreakerOptions = {},
  of: BreakerChanged['of'],
  id: string,
  onBreaker: ((change: BreakerChanged) => void) | undefined,
): BreakerOptions {
  if (onBreaker === undefined) return options;
  return {
    ...options,
    onChange(state, nowMs, openUntilMs) {
      options.onChange?.(state, nowMs, openUntilMs);
      const at = new Date(nowMs).toISOString();
      const until = state === 'open' ? { until: new Date(openUntilMs).toISOString() } : {};
      onBreaker({ kind: 'breaker', of, id, state, at, ...until });
    },
  };
}
