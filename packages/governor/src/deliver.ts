import { amountOf, type Cost, type LimitState, parseDecimal, type WireError } from '@genops/core';
import type { IdentifiedCall } from './identify.ts';
import type { Hold } from './reserve.ts';
import type { Settlement } from './settle.ts';
import type { Client, Headers, TransportError } from './transport.ts';
import type { Leg } from './travel.ts';

/** Our headers on an answer that is still on its way: who it is, and what is left while it is held. */
export function holdHeaders({ call }: IdentifiedCall, hold: Hold): Headers {
  return { 'x-genops-request-id': call.id, ...budgetHeaders(hold.decision.limits) };
}

/** Hands over what is still due: the whole answer, the last bytes of a stream, or why there is none. */
export function deliver(
  client: Client,
  identified: IdentifiedCall,
  { hold, attempt, cost, settled }: Leg,
): void {
  if (client.gone.aborted) return;
  const { dialect } = identified.request;
  switch (attempt.result) {
    case 'answered': {
      const body = attempt.translated ?? attempt.body;
      client.head(attempt.status, {
        ...attempt.headers,
        'content-length': String(body.byteLength),
        ...holdHeaders(identified, hold),
        ...settledHeaders(cost, settled),
      });
      client.write(body);
      break;
    }
    case 'streamed':
      if (!attempt.begun)
        client.head(attempt.status, { ...attempt.headers, ...holdHeaders(identified, hold) });
      for (const chunk of attempt.rest) client.write(chunk);
      if (attempt.broken !== undefined) client.write(dialect.renderStreamError(wireError(attempt.broken)));
      break;
    case 'failed': {
      const error = wireError(attempt.error);
      client.head(error.status, {
        'content-type': 'application/json',
        // Whoever sends it again gets the same again.
        ...(attempt.error.kind === 'misconfigured' && { 'x-should-retry': 'false' }),
        ...holdHeaders(identified, hold),
        ...settledHeaders(cost, settled),
      });
      client.write(dialect.renderError(error));
      break;
    }
  }
  client.end();
}

function settledHeaders(cost: Cost, settled: Settlement): Headers {
  return {
    ...(cost.result === 'priced'
      ? {
          'x-genops-cost': amountOf(cost.total),
          'x-genops-cost-currency': cost.total.currency,
          'x-genops-cost-basis': cost.basis,
        }
      : { 'x-genops-cost-basis': 'unpriced' }),
    ...(settled.result === 'recorded'
      ? budgetHeaders(settled.recorded.states)
      : { 'x-genops-settlement': 'pending' }),
  };
}

/** The tightest enforced money limit, which is the one that will refuse first. */
function budgetHeaders(states: readonly LimitState[]): Headers {
  let tightest: LimitState | undefined;
  for (const state of states) {
    if (state.unit !== 'money' || state.mode !== 'enforced') continue;
    if (tightest === undefined || parseDecimal(state.available).lt(parseDecimal(tightest.available)))
      tightest = state;
  }
  if (tightest === undefined) return {};
  return {
    'x-genops-budget-id': tightest.limitId,
    'x-genops-budget-remaining': tightest.available,
    ...(tightest.resetsAt !== undefined && { 'x-genops-budget-resets-at': tightest.resetsAt }),
  };
}

const statuses: Readonly<Record<TransportError['kind'], readonly [status: number, code: string]>> = {
  not_sent: [502, 'provider_unreachable'],
  misconfigured: [502, 'provider_misconfigured'],
  no_answer: [502, 'provider_no_answer'],
  broken: [502, 'provider_answer_incomplete'],
  timeout: [504, 'provider_timeout'],
  too_large: [502, 'provider_answer_too_large'],
};

function wireError({ kind, message }: TransportError): WireError {
  const [status, code] = statuses[kind];
  return { status, type: 'api_error', code, message };
}
