import { describe, expect, it } from 'vitest';
import { parseStrategyName, strategies } from './names.ts';
import { fieldOf, type RouteCandidate, type Strategy } from './strategy.ts';
import { type ObjectiveWeights, weighted } from './weighted.ts';

const candidate = (
  id: string,
  changes: Partial<RouteCandidate & RouteCandidate['measured']>,
): RouteCandidate => ({
  target: { id, provider: 'p', model: id },
  cost: 1,
  quality: 0.5,
  qualityFrom: 'configured',
  headroom: 1,
  position: 0,
  ...changes,
  measured: {
    latencyMs: 1_000,
    timeToFirstTokenMs: 500,
    successRate: 0.95,
    inFlight: 0,
    uses: 0,
    ...changes,
  },
});

const cheap = candidate('cheap', { cost: 0.1, latencyMs: 4_000, successRate: 0.9, position: 2, uses: 5 });
const fast = candidate('fast', { cost: 0.5, latencyMs: 200, timeToFirstTokenMs: 900, position: 1, uses: 2 });
const good = candidate('good', { cost: 2, quality: 1, successRate: 0.99, position: 0, uses: 9 });
const unpriced = candidate('unpriced', {
  cost: undefined,
  latencyMs: 9_000,
  timeToFirstTokenMs: 100,
  quality: 0,
  position: 3,
});
const all = [cheap, fast, good, unpriced];

function order(strategy: Strategy, stream = false): string[] {
  const field = fieldOf(all, stream);
  return [...all]
    .sort((left, right) => strategy.score(right, field) - strategy.score(left, field))
    .map(({ target }) => target.id);
}

describe('strategies', () => {
  it.each([
    [strategies.cost, ['cheap', 'fast', 'good', 'unpriced']],
    [strategies.latency, ['fast', 'good', 'cheap', 'unpriced']],
    [strategies.quality, ['good', 'cheap', 'fast', 'unpriced']],
    [strategies.fairness, ['unpriced', 'fast', 'cheap', 'good']],
    [strategies.failover, ['good', 'fast', 'cheap', 'unpriced']],
  ])('$name orders as its name says', (strategy, expected) => {
    expect(order(strategy)).toEqual(expected);
  });

  it('reliability puts the surest first', () => {
    expect(order(strategies.reliability)[0]).toBe('good');
    expect(order(strategies.reliability).at(-1)).toBe('cheap');
  });

  it('latency looks at the first token where that is what the caller waits for', () => {
    expect(order(strategies.latency, true)[0]).toBe('unpriced');
  });

  it('scores from 0 to 1 with the best at 1 for cost, and says why', () => {
    const field = fieldOf(all, false);
    for (const strategy of Object.values(strategies)) {
      for (const one of all) {
        const score = strategy.score(one, field);
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
        expect(strategy.reason(one, field)).not.toBe('');
      }
    }
    expect(strategies.cost.score(cheap, field)).toBe(1);
  });

  it('takes something that is free for the cheapest', () => {
    const free = candidate('free', { cost: 0 });
    const field = fieldOf([free, cheap], false);
    expect(strategies.cost.score(free, field)).toBe(1);
    expect(strategies.cost.score(cheap, field)).toBe(0);
  });
});

describe('weighted', () => {
  it('lies between what it is made of', () => {
    expect(order(weighted({ cost: 1 }))).toEqual(order(strategies.cost));
    expect(order(weighted({ cost: 0.001, quality: 1 }))[0]).toBe('good');
  });

  it.each([[{}], [{ cost: 0 }], [{ cost: -1 }], [{ cost: Number.NaN }], [{ beauty: 1 }]])(
    'refuses %j',
    (weights) => {
      expect(() => weighted(weights as ObjectiveWeights)).toThrow('weights');
    },
  );
});

describe('parseStrategyName', () => {
  it.each([
    ['cost_optimized', 'cost'],
    ['least-cost', 'cost'],
    ['cost', 'cost'],
    ['balanced', 'balanced'],
    ['latency_optimized', 'latency'],
    ['fastest', 'latency'],
    ['performance_optimized', 'latency'],
    ['speed', 'latency'],
    ['latency', 'latency'],
    ['reliability_first', 'reliability'],
    ['reliability', 'reliability'],
    ['quality_optimized', 'quality'],
    ['quality', 'quality'],
    ['fairness', 'fairness'],
    ['round_robin', 'fairness'],
    ['Round-Robin', 'fairness'],
    ['failover', 'failover'],
    ['fallback', 'failover'],
  ])('reads %s as %s', (text, name) => {
    expect(parseStrategyName(text)).toBe(name);
  });

  it.each(['', 'cheapest-ish', 'constructor', 'enforced'])('refuses "%s"', (text) => {
    expect(() => parseStrategyName(text)).toThrow('expected one of');
  });
});
