import { amountOf, type Call, type GovernorEvent, type LedgerEntry, subtractMoney } from '@genops/core';
import {
  type Attributes,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
} from '@opentelemetry/api';
import type { AliasGroup } from '../aliases/aliases.ts';
import { spanAliases } from '../aliases/span-aliases.ts';
import { errorType } from '../metrics/facts.ts';
import { parentOf } from './parent.ts';
import { attributionAttributes, policyResult, present, spanAttributes } from './span-attributes.ts';

type Ended = Extract<GovernorEvent, { kind: 'settled' | 'refused' }>;
type Corrected = Extract<GovernorEvent, { kind: 'corrected' }>;

/** Makes the span of each attempt after the fact. */
export interface SpanRecorder {
  readonly record: (event: Ended) => void;
  readonly correct: (event: Corrected) => void;
}

/**
 * Spans stand below whatever span is active where the call was made, else below the one that its caller
 * named. That of the first attempt begins when the call was identified, each other when it was sent.
 */
export function createSpanRecorder(tracer: Tracer, aliases: readonly AliasGroup[]): SpanRecorder {
  /** Of calls whose costs may still be put right; gone with the calls. */
  const contexts = new WeakMap<Call, Map<string, SpanContext>>();
  return {
    record: (event) => {
      const { call, entry } = event;
      const sent = sentAt(event);
      const startTime = entry.attempt <= 1 ? earlier(new Date(call.at), sent.start) : sent.start;
      const span = tracer.startSpan(
        `${entry.operation} ${entry.requestModel}`,
        { kind: SpanKind.CLIENT, startTime, attributes: samplingAttributes(entry) },
        parentOf(call),
      );
      // Nobody listens, or a sampler leaves it out: the rest would be made for nothing.
      if (!span.isRecording()) return;
      span.setAttributes(spanAttributes(entry));
      span.setAttributes(timings(event));
      if (aliases.length > 0) span.setAttributes(spanAliases(entry, aliases));
      span.addEvent('genops.policy.evaluated', evaluation(entry), startTime);
      if (entry.kind !== 'refused') recordAccounting(span, entry, sent.start, sent.end);
      if (entry.outcome !== 'completed') {
        span.setAttribute('error.type', errorType(entry));
        const { message } = entry.decision;
        span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) });
      }
      span.end(sent.end);
      const known = contexts.get(call) ?? new Map<string, SpanContext>();
      contexts.set(call, known.set(entry.id, span.spanContext()));
    },
    correct: ({ call, entry }) => {
      const corrected = contexts.get(call)?.get(entry.corrects ?? '');
      const at = new Date(entry.at);
      const span = tracer.startSpan(
        `correct ${entry.operation} ${entry.requestModel}`,
        {
          kind: SpanKind.INTERNAL,
          startTime: at,
          attributes: correction(entry),
          ...(corrected !== undefined && { links: [{ context: corrected }] }),
        },
        parentOf(call),
      );
      span.end(at);
    },
  };
}

/** What samplers decide by, as OpenTelemetry GenAI wants it there from the start. */
function samplingAttributes({ operation, provider, requestModel }: LedgerEntry): Attributes {
  return {
    'gen_ai.operation.name': operation,
    'gen_ai.provider.name': provider,
    'gen_ai.request.model': requestModel,
  };
}

/** When it was on its way. What was refused was never sent. */
function sentAt(event: Ended): { readonly start: Date; readonly end: Date } {
  if (event.kind === 'refused') {
    const at = new Date(event.entry.at);
    return { start: at, end: at };
  }
  const start = new Date(event.timing?.startedAt ?? event.call.at);
  return { start, end: new Date(start.getTime() + (event.timing?.durationMs ?? event.durationMs)) };
}

function earlier(one: Date, other: Date): Date {
  return one.getTime() < other.getTime() ? one : other;
}

function timings(event: Ended): Attributes {
  const { timing } = event;
  if (timing === undefined) return {};
  const firstByteMs = event.kind === 'settled' ? event.timing?.timeToFirstByteMs : undefined;
  return present({
    'gen_ai.response.time_to_first_chunk': firstByteMs === undefined ? undefined : firstByteMs / 1000,
    'genops.policy.duration_ms': timing.decisionMs,
    'genops.routing.duration_ms': timing.routingMs,
  });
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
    {
      ...reserved,
      ...budget,
      actual,
      reconciliation_delta: delta,
      ...(cost.basis === 'estimated' && { estimated: true }),
    },
    endTime,
  );
}

/** No unit of work: it says what an earlier one was off by. */
function correction(entry: LedgerEntry): Attributes {
  const { cost } = entry;
  return present({
    'genops.operation.id': entry.operationId,
    'genops.correction.of': entry.corrects,
    'genops.correction.delta': cost.result === 'priced' ? Number(amountOf(cost.total)) : undefined,
    'genops.correction.currency': cost.result === 'priced' ? cost.total.currency : undefined,
    ...attributionAttributes(entry),
  });
}
