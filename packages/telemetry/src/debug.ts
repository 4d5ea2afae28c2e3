import { amountOf, type GovernorEvent, type GovernorListener, type LedgerEntry } from '@genops/core';

/**
 * Writes one line for each attempt and each refusal (for whom, which model, verdict, cost, route), and for each
 * threshold, breaker and key that changed. Prompts, answers and keys themselves are in none of it.
 *
 * @param write - takes a line, its end included: `(line) => process.stderr.write(line)`
 */
export function createDebugListener(write: (line: string) => void): GovernorListener {
  return (event) => {
    const words = wordsOf(event);
    write(`genops ${words.filter((word) => word !== undefined).join(' ')}\n`);
  };
}

function wordsOf(event: GovernorEvent): (string | undefined)[] {
  if (event.kind === 'threshold') {
    const { limitId, settled, held, amount, unit, currency } = event.limit;
    const used = `used=${settled} held=${held} of=${amount}`;
    return ['threshold', `limit=${quoted(limitId)}`, `at=${event.threshold}%`, used, currency ?? unit];
  }
  if (event.kind === 'breaker')
    return ['breaker', `${event.of}=${quoted(event.id)}`, event.state, until(event.until)];
  if (event.kind === 'key') {
    const { keyId, provider, fromState, toState, trigger } = event;
    return [
      'key',
      `key=${quoted(keyId)}`,
      `provider=${quoted(provider)}`,
      `${fromState}->${toState}`,
      `by=${trigger}`,
      until(event.until),
    ];
  }
  const { call, entry } = event;
  const { verdict, reasonCode, message, rules, routing } = entry.decision;
  const open = routing?.candidates.filter(({ rank }) => rank !== undefined).length ?? 0;
  return [
    event.kind,
    `op=${call.id}`,
    entry.attempt > 1 ? `attempt=${entry.attempt}` : undefined,
    ...whoOf(entry),
    `${entry.operation}=${quoted(`${entry.provider}/${entry.requestModel}`)}`,
    entry.responseModel !== undefined && entry.responseModel !== entry.requestModel
      ? `answered=${quoted(entry.responseModel)}`
      : undefined,
    entry.gateway?.hostProvider === undefined ? undefined : `host=${quoted(entry.gateway.hostProvider)}`,
    `verdict=${verdict}`,
    verdict === 'allowed' ? undefined : `reason=${reasonCode}`,
    rules.length > 0 ? `rules=${quoted(rules.join(','))}` : undefined,
    event.kind === 'refused' ? undefined : `outcome=${entry.outcome}`,
    entry.status === undefined ? undefined : `status=${entry.status}`,
    event.kind === 'refused' ? undefined : costOf(entry),
    event.kind === 'refused' ? undefined : tokensOf(entry),
    routing === undefined || open < 2 ? undefined : `route=${routing.strategy}:${open}`,
    event.kind === 'settled' ? `ms=${Math.round(event.timing?.durationMs ?? event.durationMs)}` : undefined,
    entry.flags === undefined ? undefined : `flags=${quoted(entry.flags.join(','))}`,
    event.kind === 'refused' && message !== undefined ? `message=${quoted(message)}` : undefined,
  ];
}

function whoOf({ attribution }: LedgerEntry): string[] {
  const { team, project, environment, customerId, feature, keyId } = attribution;
  const who = { team, project, env: environment, customer: customerId, feature, key: keyId };
  return Object.entries(who).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${quoted(value)}`],
  );
}

function costOf({ cost, held }: LedgerEntry): string {
  const reserved = held === undefined ? '' : ` held=${amountOf(held)}`;
  if (cost.result === 'unpriced') return `cost=unpriced:${cost.reason}${reserved}`;
  return `cost=${amountOf(cost.total)}${cost.total.currency} basis=${cost.basis}${reserved}`;
}

function tokensOf({ usage }: LedgerEntry): string | undefined {
  if (usage?.inputTokens === undefined && usage?.outputTokens === undefined) return undefined;
  return `tokens=${usage.inputTokens ?? '?'}+${usage.outputTokens ?? '?'}`;
}

/** What others wrote cannot break out of its place in the line. */
function quoted(text: string): string {
  return /^[\w./:@,~+-]+$/.test(text) ? text : JSON.stringify(text);
}

function until(instant: string | undefined): string | undefined {
  return instant === undefined ? undefined : `until=${instant}`;
}
