import {
  amountOf,
  type Decimal,
  type GovernorEvent,
  type LedgerEntry,
  type LimitState,
  type Money,
  parseDecimal,
} from '@genops/core';
import { entryFacts, errorType, type Facts, limitFacts } from './facts.ts';
import type { MetricName } from './table.ts';

/** Takes one value of a metric. `more` wins over `facts`, which are those of the whole event. */
export type Recorder = (metric: MetricName, value: number, facts: Facts, more?: Facts) => void;

type Settled = Extract<GovernorEvent, { kind: 'settled' }>;
type Refused = Extract<GovernorEvent, { kind: 'refused' }>;

/** Reads off an event everything that is counted; states of limits are not: they are looked up. */
export function measure(event: GovernorEvent, dimensions: readonly string[], record: Recorder): void {
  switch (event.kind) {
    case 'settled':
      measureSettled(event, entryFacts(event.entry, dimensions), record);
      break;
    case 'refused':
      measureRefused(event, entryFacts(event.entry, dimensions), record);
      break;
    case 'corrected':
      measureCorrection(event.entry, entryFacts(event.entry, dimensions), record);
      break;
    case 'threshold':
      record('genops.budget.alerts', 1, { ...limitFacts(event.limit), threshold: String(event.threshold) });
      break;
  }
}

function measureSettled(event: Settled, facts: Facts, record: Recorder): void {
  const { entry, timing, answered = true } = event;
  const attemptKind = attemptKindOf(event);
  record('genops.attempts', 1, facts, { attemptKind });
  if (answered) record('genops.operations', 1, facts);
  const isError = entry.outcome !== 'completed' && entry.outcome !== 'cancelled';
  if (isError) record('genops.errors', 1, facts, { errorType: errorType(entry) });
  if (timing !== undefined) {
    const failure = isError ? { errorType: errorType(entry) } : undefined;
    record('gen_ai.client.operation.duration', timing.durationMs / 1000, facts, failure);
    record('genops.pricing.duration', timing.pricingMs / 1000, facts);
    if (timing.timeToFirstByteMs !== undefined) {
      record('gen_ai.client.operation.time_to_first_chunk', timing.timeToFirstByteMs / 1000, facts);
    }
  }
  measureTokens(entry, facts, record);
  measureCost(entry, facts, record);
  if (entry.attempt === 1) measureDecision(entry, facts, timing, record);
  if (entry.attempt === 1) measureRouting(entry, facts, record);
  if (entry.gateway?.fallbackUsed || attemptKind === 'fallback') record('genops.routing.switches', 1, facts);
}

/** A retry asks the same again; a fallback somebody else, or for another model. */
function attemptKindOf({ call, entry }: Settled): string {
  if (entry.attempt <= 1) return 'first';
  const isSame = entry.provider === call.provider && entry.requestModel === call.requestModel;
  return isSame ? 'retry' : 'fallback';
}

function measureTokens({ usage }: LedgerEntry, facts: Facts, record: Recorder): void {
  if (usage === undefined) return;
  const { inputTokens, outputTokens, cacheReadInputTokens, reasoningOutputTokens } = usage;
  if (inputTokens !== undefined) {
    record('gen_ai.client.token.usage', inputTokens, facts, { tokenType: 'input' });
    record('genops.tokens.input', inputTokens, facts);
  }
  if (outputTokens !== undefined) {
    record('gen_ai.client.token.usage', outputTokens, facts, { tokenType: 'output' });
    record('genops.tokens.output', outputTokens, facts);
  }
  if (inputTokens !== undefined || outputTokens !== undefined)
    record('genops.tokens', (inputTokens ?? 0) + (outputTokens ?? 0), facts);
  if (cacheReadInputTokens !== undefined) record('genops.tokens.cache_read', cacheReadInputTokens, facts);
  if (reasoningOutputTokens !== undefined) record('genops.tokens.reasoning', reasoningOutputTokens, facts);
}

/** The flags of amounts that nobody metered. */
const unmeteredFlags: ReadonlySet<string> = new Set(['usage_missing', 'usage_invalid', 'unanswered']);

function measureCost(entry: LedgerEntry, facts: Facts, record: Recorder): void {
  const { cost, held, flags = [], gateway } = entry;
  if (held?.currency === 'USD') record('genops.cost.reserved', numberOf(held), facts);
  if (flags.some((flag) => unmeteredFlags.has(flag))) record('genops.unmetered', 1, facts);
  if (cost.result === 'unpriced') {
    record('genops.unpriced', 1, facts);
    return;
  }
  const { total, basis, avoided } = cost;
  if (total.currency === 'USD') record('genops.cost', numberOf(total), facts, { basis });
  else record('genops.cost.other_currencies', numberOf(total), facts, { currency: total.currency });
  if (gateway?.cacheHit || flags.includes('cache_hit')) record('genops.cache.hits', 1, facts);
  if (avoided?.currency === 'USD') record('genops.cost.avoided', numberOf(avoided), facts);
}

/** What an estimate was off by may be less than nothing, which a cost counter must not be. */
function measureCorrection({ cost }: LedgerEntry, facts: Facts, record: Recorder): void {
  if (cost.result === 'priced' && cost.total.currency === 'USD')
    record('genops.cost.corrections', numberOf(cost.total), facts);
}

function measureRefused({ entry, refusal, timing }: Refused, facts: Facts, record: Recorder): void {
  const { limit } = refusal;
  record('genops.operations', 1, facts);
  record('genops.refusals', 1, facts, { reasonCode: refusal.reasonCode, limit: limit?.limitId });
  measureDecision(entry, facts, timing, record);
  if (limit !== undefined) {
    const policyResult = entry.decision.verdict.toUpperCase();
    record('genops.budget.exceeded', 1, { ...limitFacts(limit), policyResult });
  }
}

/** Once for each call, however many attempts it takes. */
function measureDecision(
  { decision }: LedgerEntry,
  facts: Facts,
  timing: Refused['timing'],
  record: Recorder,
): void {
  const { verdict, reasonCode, rules, limits, wouldHave = [] } = decision;
  const policyResult = verdict.toUpperCase();
  const judged = { policyResult, reasonCode, policy: rules[0] };
  record('genops.policy.evaluations', 1, facts, judged);
  if (verdict !== 'allowed') record('genops.policy.violations', 1, facts, judged);
  if (verdict === 'blocked' || verdict === 'rate_limited')
    record('genops.policy.enforcement_actions', 1, facts, judged);
  for (const would of wouldHave) {
    const shadow = { policyResult: would.verdict.toUpperCase(), reasonCode: would.reasonCode };
    record('genops.policy.shadow', 1, { ...shadow, policy: would.id });
  }
  if (verdict === 'warning') {
    for (const state of limits) {
      if (state.mode === 'advisory' && isExceeded(state))
        record('genops.budget.exceeded', 1, { ...limitFacts(state), policyResult });
    }
  }
  if (timing !== undefined) {
    record('genops.policy.duration', timing.decisionMs / 1000, facts);
    record('genops.routing.duration', timing.routingMs / 1000, facts);
  }
}

/**
 * Calls with one place to go to made no choice. What the dearest place would have cost is told from what
 * was paid, by the proportion of what was expected at both.
 */
function measureRouting({ decision, cost }: LedgerEntry, facts: Facts, record: Recorder): void {
  const { routing } = decision;
  const open = routing?.candidates.filter(({ rank }) => rank !== undefined) ?? [];
  if (routing === undefined || open.length < 2) return;
  const efficiency = routing.routeEfficiency;
  const optimal = efficiency === undefined ? undefined : String(efficiency === 1);
  record('genops.routing.decisions', 1, facts, { optimal });
  if (efficiency === undefined) return;
  record('genops.routing.efficiency', efficiency, facts);
  const expected = open.flatMap((one) => (one.cost?.currency === 'USD' ? [Number(one.cost.amount)] : []));
  const chosen = Number(open.find(({ rank }) => rank === 1)?.cost?.amount);
  if (!(chosen > 0) || cost.result === 'unpriced' || cost.total.currency !== 'USD') return;
  const savings = numberOf(cost.total) * (Math.max(...expected) / chosen - 1);
  if (savings > 0) record('genops.routing.savings', savings, facts);
}

function isExceeded({ available }: LimitState): boolean {
  return parseDecimal(available).lt(zero);
}

const zero: Decimal = parseDecimal('0');

function numberOf(money: Money): number {
  return Number(amountOf(money));
}
