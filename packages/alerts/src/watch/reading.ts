import { Decimal } from '@genops/core';
import { latencyAt } from './latency-counts.ts';
import type { CountingRule } from './measure.ts';
import type { Rolling, Total } from './rolling.ts';

/** What a look at something came to. `unknown`: not enough was seen to say that it is well. */
export interface Reading {
  readonly result: 'holds' | 'well' | 'unknown';
  readonly value: string;
  readonly expected: string;
  readonly unit: string;
  /** One sentence, without whom it is about. */
  readonly summary: string;
}

/** The lengths of the windows that a rule looks at, in milliseconds. */
export function windowsOf(rule: CountingRule): readonly number[] {
  const own = rule.windowSeconds * 1_000;
  return rule.kind === 'spike' ? [own, rule.baselineSeconds * 1_000] : [own];
}

/**
 * Looks at what was counted. What holds is certain from what was seen; that all is well can be said only
 * after a whole window was watched.
 */
export function readCounts(
  rule: CountingRule,
  rolling: Rolling,
  watchedSinceMs: number,
  nowMs: number,
): Reading {
  const windows = windowsOf(rule);
  const seen = nowMs - watchedSinceMs >= Math.max(...windows);
  const totals = rolling.totals(nowMs);
  const total = totals[0] as Total;
  const span = spanText(rule.windowSeconds);
  switch (rule.kind) {
    case 'cost': {
      const value = `${total.cost.toFixed()} ${rule.currency}`;
      return {
        ...measured(total.cost.gt(rule.above), seen, total.cost.toFixed(), rule.above, rule.currency),
        summary: `${value} were spent within ${span}; the alert is above ${rule.above} ${rule.currency}`,
      };
    }
    case 'spike':
      return readSpike(rule, total, totals[1] as Total, seen);
    case 'count':
      return {
        ...measured(total.hits > rule.above, seen, String(total.hits), String(rule.above), rule.of),
        summary: `${total.hits} ${nounOf[rule.of]} within ${span}; the alert is above ${rule.above}`,
      };
    case 'share': {
      const share = total.calls === 0 ? 0 : total.hits / total.calls;
      const enough = total.calls >= rule.minimumCalls;
      return {
        ...measured(
          enough && share > rule.above,
          seen && (enough || total.calls === 0),
          percent(share),
          percent(rule.above),
          '%',
        ),
        summary: `${percent(share)} % ${nounOf[rule.of]} among ${total.calls} within ${span}; the alert is above ${percent(rule.above)} %`,
      };
    }
    case 'latency': {
      const latency = Math.round(latencyAt(total.latencies, rule.percentile));
      const enough = total.calls >= rule.minimumCalls;
      return {
        ...measured(
          enough && latency > rule.aboveMs,
          seen && (enough || total.calls === 0),
          String(latency),
          String(rule.aboveMs),
          'ms',
        ),
        summary: `${rule.percentile} % of ${total.calls} calls within ${span} took up to ${latency} ms; the alert is above ${rule.aboveMs} ms`,
      };
    }
    case 'efficiency': {
      const mean = total.calls === 0 ? 1 : total.hits / total.calls;
      const enough = total.calls >= rule.minimumCalls;
      return {
        ...measured(
          enough && mean < rule.below,
          seen && (enough || total.calls === 0),
          mean.toFixed(3),
          String(rule.below),
          'efficiency',
        ),
        summary: `The route efficiency of ${total.calls} calls within ${span} is ${mean.toFixed(3)}; the alert is below ${rule.below}`,
      };
    }
    case 'tokens-per-cost': {
      // Compared without dividing: tokens < below × cost.
      const enough = total.calls >= rule.minimumCalls && total.cost.gt('0');
      const holds = enough && new Decimal(String(total.hits)).lt(total.cost.times(rule.below));
      const value = enough ? Math.floor(total.hits / Number(total.cost.toFixed())) : 0;
      return {
        ...measured(
          holds,
          seen && (enough || total.calls === 0),
          String(value),
          rule.below,
          `tokens/${rule.currency}`,
        ),
        summary: `${value} tokens for 1 ${rule.currency} within ${span}; the alert is below ${rule.below}`,
      };
    }
  }
}

function readSpike(
  rule: Extract<CountingRule, { kind: 'spike' }>,
  recent: Total,
  before: Total,
  seen: boolean,
): Reading {
  const amountOf = (total: Total): Decimal =>
    rule.of === 'cost' ? total.cost : new Decimal(String(total.hits));
  const unit = rule.of === 'cost' ? rule.currency : rule.of;
  const now = amountOf(recent);
  // Rates are compared without dividing: now ÷ window > factor × baseline ÷ its window.
  const left = now.times(String(rule.baselineSeconds));
  const right = amountOf(before).times(rule.factor).times(String(rule.windowSeconds));
  const holds = seen && left.gt(right) && now.gte(rule.minimum) && now.gt('0');
  const usual = (Number(amountOf(before).toFixed()) * rule.windowSeconds) / rule.baselineSeconds;
  const usualText = String(Number(usual.toPrecision(6)));
  return {
    result: holds ? 'holds' : seen ? 'well' : 'unknown',
    value: now.toFixed(),
    expected: `${rule.factor} × ${usualText}`,
    unit,
    summary:
      `${now.toFixed()} ${unit} within ${spanText(rule.windowSeconds)}, where ${usualText} is the mean of ` +
      `${spanText(rule.baselineSeconds)}; the alert is above ${rule.factor} times that`,
  };
}

function measured(
  holds: boolean,
  enough: boolean,
  value: string,
  expected: string,
  unit: string,
): Omit<Reading, 'summary'> {
  return { result: holds ? 'holds' : enough ? 'well' : 'unknown', value, expected, unit };
}

const nounOf = {
  calls: 'calls',
  attempts: 'attempts',
  failures: 'failures',
  refusals: 'refusals',
  violations: 'policy violations',
  unpriced: 'calls without a price',
  unmetered: 'calls without usage',
  retries: 'retries',
  failovers: 'failovers',
  tokens: 'tokens',
} as const;

function percent(share: number): string {
  return String(Number((share * 100).toFixed(2)));
}

/** `5 minutes`, `1 hour`, `90 seconds`. */
export function spanText(seconds: number): string {
  for (const [unit, length] of [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
  ] as const) {
    if (seconds % length === 0) return `${seconds / length} ${unit}${seconds === length ? '' : 's'}`;
  }
  return `${seconds} second${seconds === 1 ? '' : 's'}`;
}
