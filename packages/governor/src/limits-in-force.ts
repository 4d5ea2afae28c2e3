import { AsyncLocalStorage } from 'node:async_hooks';
import type { Limit } from '@genops/core';
import {
  type CallDimensions,
  type CompiledPolicy,
  compileLimits,
  type LimitIndex,
  type MatchedLimit,
  parsePolicy,
} from '@genops/policy';

/** The limits that calls draw on: the policy's, those added since, and those of the place that a call is made at. */
export interface LimitsInForce {
  of(call: CallDimensions): readonly MatchedLimit[];
  /** @returns a function that takes them away again; what was counted stays counted */
  add(limits: readonly Limit[]): () => void;
  /** Runs `action`; calls made inside it draw on these limits too. */
  during<Result>(limits: LimitIndex, action: () => Result): Result;
  /** Prepares limits as the policy's are: checked, and in shadow where everything is. */
  compile(limits: readonly Limit[]): LimitIndex;
}

/** Limits can be added, never loosened: of two with the same id and bucket the policy's own, or the older, holds. */
export function createLimitsInForce(policy: CompiledPolicy, mode: 'enforce' | 'observe'): LimitsInForce {
  const added = new Set<LimitIndex>();
  const here = new AsyncLocalStorage<readonly LimitIndex[]>();
  const compile = (limits: readonly Limit[]): LimitIndex => {
    const checked = parsePolicy({ limits }).limits;
    return compileLimits(
      mode === 'observe' ? checked.map((limit) => ({ ...limit, mode: 'shadow' as const })) : checked,
    );
  };
  return {
    of: (call) => {
      const others = [...added, ...(here.getStore() ?? [])];
      const own = policy.limitsOf(call);
      if (others.length === 0) return own;
      return withoutRepeats([...own, ...others.flatMap((limitsOf) => limitsOf(call))]);
    },
    add: (limits) => {
      const index = compile(limits);
      added.add(index);
      return () => added.delete(index);
    },
    during: (limits, action) => here.run([...(here.getStore() ?? []), limits], action),
    compile,
  };
}

function withoutRepeats(limits: readonly MatchedLimit[]): readonly MatchedLimit[] {
  const seen = new Set<string>();
  return limits.filter(({ limit, bucket }) => {
    const key = `${limit.id}\n${bucket}`;
    return !seen.has(key) && seen.add(key);
  });
}
