import type { LedgerEntry } from '@genops/core';
import type { AlertRule, Counted } from '../rules/schema.ts';
import type { Sample } from './rolling.ts';

/** A rule that counts calls in a window. */
export type CountingRule = Extract<
  AlertRule,
  { kind: 'cost' | 'spike' | 'count' | 'share' | 'latency' | 'efficiency' | 'tokens-per-cost' }
>;

/** What happened, with what only this process knows of it. */
export interface Happening {
  readonly kind: 'settled' | 'refused' | 'corrected';
  readonly entry: LedgerEntry;
  /** When it ended, in milliseconds since 1970. */
  readonly atMs: number;
  /** How long the call took, up to the end of this attempt. */
  readonly durationMs: number;
  /** Another place than the attempt before. */
  readonly failover: boolean;
}

/** What a happening adds to a rule's window; undefined when it is none of its business. */
export function sampleOf(rule: CountingRule, happening: Happening): Sample | undefined {
  const { entry, kind } = happening;
  switch (rule.kind) {
    case 'cost':
      return costSample(entry, rule.currency);
    case 'spike':
      if (rule.of === 'cost') return costSample(entry, rule.currency);
      return countSample(rule.of, happening);
    case 'count':
      return countSample(rule.of, happening, rule.reasons);
    case 'share': {
      if (kind === 'corrected') return undefined;
      if (rule.of === 'failures') {
        // A caller who left says nothing about the provider.
        if (kind === 'refused' || entry.outcome === 'cancelled') return undefined;
        return { hits: Number(isFailure(happening)), calls: 1 };
      }
      const perCall = rule.of === 'refusals' || rule.of === 'violations';
      if (perCall && entry.attempt > 1 && kind !== 'refused') return undefined;
      if (!perCall && kind === 'refused') return undefined;
      return { hits: countOf(rule.of, happening), calls: 1 };
    }
    case 'latency':
      if (kind !== 'settled' || entry.outcome !== 'completed') return undefined;
      return { hits: 1, calls: 1, latencyMs: happening.durationMs };
    case 'efficiency': {
      const efficiency = entry.decision.routing?.routeEfficiency;
      if (kind !== 'settled' || efficiency === undefined || entry.attempt > 1) return undefined;
      return { hits: efficiency, calls: 1 };
    }
    case 'tokens-per-cost': {
      if (entry.cost.result !== 'priced' || entry.cost.total.currency !== rule.currency) return undefined;
      if (kind === 'refused') return undefined;
      return {
        hits: kind === 'settled' ? tokensOf(entry) : 0,
        calls: kind === 'settled' ? 1 : 0,
        cost: entry.cost.total.amount,
      };
    }
  }
}

function costSample({ cost, kind }: LedgerEntry, currency: string): Sample | undefined {
  if (cost.result !== 'priced' || cost.total.currency !== currency) return undefined;
  return { hits: 0, calls: kind === 'settled' ? 1 : 0, cost: cost.total.amount };
}

function countSample(of: Counted, happening: Happening, reasons?: readonly string[]): Sample | undefined {
  const { reasonCode } = happening.entry.decision;
  if (reasons !== undefined && (reasonCode === undefined || !reasons.includes(reasonCode))) return undefined;
  const hits = countOf(of, happening);
  return hits === 0 ? undefined : { hits, calls: 1 };
}

function countOf(of: Counted, happening: Happening): number {
  const { entry, kind, failover } = happening;
  if (kind === 'corrected') return 0;
  switch (of) {
    case 'calls':
      return Number(entry.attempt <= 1);
    case 'attempts':
      return Number(kind === 'settled');
    case 'failures':
      return Number(isFailure(happening));
    case 'refusals':
      return Number(kind === 'refused');
    case 'violations':
      return Number(kind === 'refused' && isViolation(entry));
    case 'unpriced':
      return Number(
        kind === 'settled' && entry.cost.result === 'unpriced' && entry.cost.reason !== 'unmetered',
      );
    case 'unmetered':
      return Number(
        kind === 'settled' &&
          ((entry.cost.result === 'unpriced' && entry.cost.reason === 'unmetered') ||
            entry.flags?.includes('usage_missing') === true),
      );
    case 'retries':
      return Number(kind === 'settled' && entry.attempt > 1);
    case 'failovers':
      return Number(kind === 'settled' && failover);
    case 'tokens':
      return kind === 'settled' ? tokensOf(entry) : 0;
  }
}

function isFailure({ kind, entry }: Happening): boolean {
  return kind === 'settled' && entry.outcome !== 'completed' && entry.outcome !== 'cancelled';
}

/** Refused for what it is, not for what is left. */
function isViolation({ decision }: LedgerEntry): boolean {
  const { reasonCode } = decision;
  return reasonCode !== undefined && (reasonCode.startsWith('POLICY_DENY') || reasonCode === 'x_denied');
}

function tokensOf({ usage }: LedgerEntry): number {
  return (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
}
