import { amountOf, type Call, type LedgerEntry, subtractMoney } from '@genops/core';
import {
  type Attributes,
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
} from '@opentelemetry/api';
import { policyResult, present, spanAttributes } from './span-attributes.ts';

/**
 * Makes the span of one attempt after the fact: it begins when the call was identified and ends with it,
 * below whatever span is active where the call was made.
 */
export function recordSpan(tracer: Tracer, call: Call, entry: LedgerEntry, durationMs: number): void {
  const startTime = new Date(call.at);
  const endTime = new Date(startTime.getTime() + durationMs);
  const span = tracer.startSpan(
    `${call.operation} ${call.requestModel}`,
    { kind: SpanKind.CLIENT, startTime, attributes: spanAttributes(entry) },
    context.active(),
  );
  span.addEvent('genops.policy.evaluated', evaluation(entry), startTime);
  if (entry.kind !== 'refused') recordAccounting(span, entry, startTime, endTime);
  if (entry.outcome !== 'completed') {
    span.setAttribute('error.type', errorType(entry));
    span.setStatus({
      code: SpanStatusCode.ERROR,
      ...(entry.decision.message !== undefined && { message: entry.decision.message }),
    });
  }
  span.end(endTime);
}

function evaluation({ decision }: LedgerEntry): Attributes {
  return present({
    'genops.policy.result': policyResult(decision.verdict),
    'genops.policy.reason_code': decision.verdict === 'allowed' ? undefined : decision.reasonCode,
    'genops.policy.name': decision.rules[0],
  });
}

/** Reservation and reconciliation: nothing that was held goes without the second. */
function recordAccounting(span: Span, entry: LedgerEntry, startTime: Date, endTime: Date): void {
  const { held, cost, decision } = entry;
  if (held === undefined) return;
  const limit = decision.limits.find(({ unit }) => unit === 'money');
  const reserved = { reserved: Number(amountOf(held)), unit: held.currency };
  const budget = present({ 'budget.name': limit?.limitId });
  const remaining = present({
    'budget.remaining': limit === undefined ? undefined : Number(limit.available),
  });
  span.addEvent('genops.budget.reservation', { ...reserved, ...budget, ...remaining }, startTime);
  if (cost.result !== 'priced' || cost.total.currency !== held.currency) {
    span.addEvent('genops.budget.reconciliation', { ...reserved, ...budget, incomplete: true }, endTime);
    return;
  }
  const delta = Number(amountOf(subtractMoney(cost.total, held)));
  const actual = Number(amountOf(cost.total));
  span.addEvent(
    'genops.budget.reconciliation',
    { ...reserved, ...budget, actual, reconciliation_delta: delta },
    endTime,
  );
}

/** Low in cardinality: a status, a reason code, or how the answer ended. */
function errorType({ kind, decision, status, outcome }: LedgerEntry): string {
  if (kind === 'refused') return decision.reasonCode ?? 'refused';
  return status !== undefined && status >= 400 ? String(status) : outcome;
}
