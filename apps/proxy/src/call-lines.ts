import { amountOf, type GovernorEvent, type LedgerEntry } from '@genops/core';
import type { Log } from './log.ts';

/** One line for each call that ended: what it was and what it came to, never what was said in it. */
export function logCalls(log: Log): (event: GovernorEvent) => void {
  return (event) => {
    if (event.kind === 'settled') {
      log.say('call', { ...factsOf(event.entry), durationMs: Math.round(event.durationMs) });
    } else if (event.kind === 'refused') {
      const { reasonCode, status } = event.refusal;
      log.say('refused', { ...factsOf(event.entry), reasonCode, status });
    } else if (event.kind === 'threshold') {
      const { limitId, amount, settled, held } = event.limit;
      log.say('threshold', { limitId, threshold: event.threshold, amount, settled, held });
    }
  };
}

/** Users and customers are not named: a log goes to more people than a ledger. */
function factsOf(entry: LedgerEntry): Record<string, unknown> {
  const { operationId, attempt, provider, operation, requestModel, responseModel, stream } = entry;
  const { team, project, environment, keyId } = entry.attribution;
  const { usage, cost } = entry;
  return {
    operationId,
    attempt,
    provider,
    operation,
    requestModel,
    responseModel,
    stream,
    outcome: entry.outcome,
    status: entry.status,
    team,
    project,
    environment,
    keyId,
    inputTokens: usage?.inputTokens,
    outputTokens: usage?.outputTokens,
    ...(cost.result === 'priced'
      ? { cost: amountOf(cost.total), currency: cost.total.currency, costBasis: cost.basis }
      : { costBasis: 'unpriced' }),
  };
}
