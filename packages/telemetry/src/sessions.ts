import { amountOf, type CallGovernor, type Session, type SessionReport } from '@genops/core';
import {
  context,
  type Span,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { present } from './spans/span-attributes.ts';
import { scope } from './telemetry.ts';

/**
 * The same governor, whose sessions and steps have spans: those of calls stand below them, whichever way
 * the calls are made. Adapters that run workflows take it in place of the governor.
 */
export function traceSessions<Governor extends Pick<CallGovernor, 'startSession'>>(
  governor: Governor,
  { tracerProvider }: { readonly tracerProvider?: TracerProvider } = {},
): Governor {
  return {
    ...governor,
    startSession: (options) => {
      const tracer = (tracerProvider ?? trace.getTracerProvider()).getTracer(scope);
      return traced(tracer, governor.startSession(options), 'invoke_workflow').session;
    },
  };
}

/** A session with a span, and what ends the span. */
interface Traced {
  readonly session: Session;
  readonly end: (report: SessionReport) => void;
}

function traced(tracer: Tracer, session: Session, operation: 'invoke_workflow' | 'invoke_agent'): Traced {
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
  const end = (report: SessionReport): void => finish(span, report);
  const close = async (): Promise<SessionReport> => {
    const report = await session.close();
    end(report);
    return report;
  };
  const traceStep = (step: Session): Traced => traced(tracer, step, 'invoke_agent');
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

/** What it came to, once; ending a span again changes nothing. */
function finish(span: Span, report: SessionReport): void {
  if (!span.isRecording()) return;
  const { costs, error } = report;
  const [cost, ...others] = costs;
  const only = others.length === 0 ? cost : undefined;
  span.setAttributes(
    present({
      'genops.session.calls': report.calls,
      'genops.session.attempts': report.attempts,
      'genops.session.failed': report.failed,
      'genops.session.refused': report.refused,
      'genops.session.unpriced': report.unpriced,
      'genops.session.duration_ms': report.durationMs,
      'genops.session.total_cost': only === undefined ? undefined : Number(amountOf(only)),
      'genops.session.currency': only?.currency,
    }),
  );
  if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
  span.end();
}
