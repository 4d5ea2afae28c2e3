import { amountOf, type CallGovernor, type Money, type Session, type SessionReport } from '@genops/core';
import {
  type Attributes,
  context,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { type AliasGroup, chosenGroups } from './aliases/aliases.ts';
import { present } from './spans/span-attributes.ts';
import { scope } from './telemetry.ts';

export interface TraceSessionsOptions {
  /** @default the global one */
  readonly tracerProvider?: TracerProvider;
  /** Compatibility names beside our own; those of `skyrouter` are the ones that there are. @default none */
  readonly aliases?: boolean | readonly AliasGroup[];
}

/**
 * The same governor, whose sessions and steps have spans: those of calls stand below them, whichever way
 * the calls are made. Adapters that run workflows take it in place of the governor.
 */
export function traceSessions<Governor extends Pick<CallGovernor, 'startSession'>>(
  governor: Governor,
  { tracerProvider, aliases }: TraceSessionsOptions = {},
): Governor {
  return {
    ...governor,
    startSession: (options) => {
      const tracer = (tracerProvider ?? trace.getTracerProvider()).getTracer(scope);
      const isSkyRouter = chosenGroups(aliases).includes('skyrouter');
      const attributesOf = isSkyRouter
        ? (report: SessionReport) => ({ ...sessionAttributes(report), ...skyRouterNames(report) })
        : sessionAttributes;
      return traced(tracer, governor.startSession(options), 'invoke_workflow', attributesOf).session;
    },
  };
}

/** A session with a span, and what ends the span. */
interface Traced {
  readonly session: Session;
  readonly end: (report: SessionReport) => void;
}

function traced(
  tracer: Tracer,
  session: Session,
  operation: 'invoke_workflow' | 'invoke_agent',
  attributesOf: (report: SessionReport) => Attributes,
): Traced {
  const span = tracer.startSpan(`${operation} ${session.name}`, {
    attributes: {
      'gen_ai.operation.name': operation,
      'gen_ai.conversation.id': session.id,
      'genops.session_id': session.id,
      'genops.session.name': session.name,
    },
  });
  const inside = <Result>(action: () => Result): Result =>
    context.with(trace.setSpan(context.active(), span), action);
  const end = (report: SessionReport): void => {
    span.setAttributes(attributesOf(report));
    if (report.error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: report.error });
    span.end();
  };
  const close = async (): Promise<SessionReport> => {
    const report = await session.close();
    end(report);
    return report;
  };
  const traceStep = (step: Session): Traced => traced(tracer, step, 'invoke_agent', attributesOf);
  return {
    end,
    session: {
      ...session,
      run: (action) => inside(() => session.run(action)),
      fetch: (input, init) => inside(() => session.fetch(input, init)),
      startStep: (options) => inside(() => traceStep(session.startStep(options)).session),
      step: (options, action) =>
        inside(() =>
          session.step(options, async (step) => {
            const own = traceStep(step);
            try {
              const result = await own.session.run(() => action(own.session));
              own.end(step.report());
              return result;
            } catch (error) {
              const message = error instanceof Error ? error.message : String(error);
              own.end({ ...step.report(), state: 'failed', error: message });
              throw error;
            }
          }),
        ),
      close,
      [Symbol.asyncDispose]: async () => {
        await close();
      },
    },
  };
}

function sessionAttributes(report: SessionReport): Attributes {
  const cost = onlyCost(report);
  return present({
    'genops.session.calls': report.calls,
    'genops.session.attempts': report.attempts,
    'genops.session.failed': report.failed,
    'genops.session.refused': report.refused,
    'genops.session.unpriced': report.unpriced,
    'genops.session.duration_ms': report.durationMs,
    'genops.session.total_cost': cost === undefined ? undefined : Number(amountOf(cost)),
    'genops.session.currency': cost?.currency,
  });
}

/** What the SkyRouter guide calls the same. */
function skyRouterNames(report: SessionReport): Attributes {
  const cost = onlyCost(report);
  return present({
    'genops.skyrouter.session.duration': report.durationMs / 1000,
    'genops.skyrouter.session.operation_count': report.calls,
    'genops.skyrouter.session.total_cost': cost === undefined ? undefined : Number(amountOf(cost)),
  });
}

/** Amounts in several currencies are no sum. */
function onlyCost({ costs }: SessionReport): Money | undefined {
  return costs.length === 1 ? costs[0] : undefined;
}
