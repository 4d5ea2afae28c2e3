import { amountOf, ConfigurationError, type LedgerEntry, moneyToJson, roundMoney } from '@genops/core';
import type { EntryFilter } from '@genops/ledger';
import type { LedgerReader } from '@genops/ledger/sqlite';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { instantOf } from '../instant.ts';
import { dataOption, withLedger } from '../ledger-file.ts';
import { collectPairs, type Pairs } from '../pairs.ts';
import { renderTable } from '../report/table.ts';
import { operationNamed } from './explain.ts';

interface TraceOptions {
  readonly session?: string;
  readonly match: Pairs;
  readonly kind?: string;
  readonly from?: string;
  readonly last: string;
  readonly data?: string;
  readonly json?: boolean;
}

const kinds = ['settled', 'released', 'expired', 'refused', 'correction'] as const;

/** `genops trace`: what happened, attempt by attempt: of one call, of a session, or of late. */
export function addTraceCommand(program: Command, context: CommandContext): void {
  program
    .command('trace')
    .description('What happened, attempt by attempt: of one call, of a session, or the last of all')
    .argument('[operation]', 'x-genops-request-id of its answer, or the id of an entry')
    .option('--session <id>', 'the calls of one session')
    .option('--match <dimension=value>', 'only entries with this value; may be given again', collectPairs, {})
    .option('--kind <kind>', `only ${kinds.join(', ')}`)
    .option('--from <instant>', 'first instant: 2026-11-01, 2026-11-01T00:00:00Z, or 1h for an hour ago')
    .option('--last <count>', 'how many entries at most', '20')
    .addOption(dataOption())
    .option('--json', 'one JSON document instead of a table')
    .action(async (operation: string | undefined, options: TraceOptions) => {
      const entries = await withLedger(context, options.data, (ledger) =>
        operation === undefined ? lastOf(ledger, options, context.now()) : operationNamed(ledger, operation),
      );
      context.write(
        options.json === true ? `${JSON.stringify(entries.map(stepOf), null, 2)}\n` : traceTable(entries),
      );
    });
}

/** The last entries that are meant, in the order in which they were written. */
async function lastOf(
  ledger: LedgerReader,
  options: TraceOptions,
  now: Date,
): Promise<readonly LedgerEntry[]> {
  const { entries } = await ledger.entries({
    filter: filterOf(options, now),
    order: 'newest_first',
    pageSize: countOf(options.last),
  });
  return entries.toReversed();
}

function filterOf({ session, match, kind, from }: TraceOptions, now: Date): EntryFilter {
  const wanted = { ...match, ...(session !== undefined && { sessionId: [session] }) };
  return {
    ...(Object.keys(wanted).length > 0 && { match: wanted }),
    ...(kind !== undefined && { kind: [kindOf(kind)] }),
    ...(from !== undefined && { from: instantOf('--from', from, now) }),
  };
}

function kindOf(text: string): LedgerEntry['kind'] {
  const kind = kinds.find((one) => one === text);
  if (kind === undefined)
    throw new ConfigurationError('--kind', `expected one of ${kinds.join(', ')}; got "${text}"`);
  return kind;
}

function countOf(text: string): number {
  const count = Number(text);
  if (!/^\d{1,4}$/.test(text) || count < 1 || count > 1000)
    throw new ConfigurationError('--last', `expected a number from 1 to 1000, got "${text}"`);
  return count;
}

/** What an entry tells of when and where, without the reasons. */
function stepOf(entry: LedgerEntry): object {
  const {
    id,
    operationId,
    attempt,
    kind,
    at,
    endedAt,
    provider,
    providerKeyId,
    requestModel,
    responseModel,
  } = entry;
  const { status, outcome, decision, cost, usage, flags } = entry;
  return {
    id,
    operationId,
    attempt,
    kind,
    at,
    endedAt,
    durationMs: durationOf(entry),
    provider,
    providerKeyId,
    requestModel,
    responseModel,
    status,
    outcome,
    verdict: decision.verdict,
    reasonCode: decision.reasonCode,
    cost: cost.result === 'priced' ? moneyToJson(cost.total) : null,
    usage,
    flags,
  };
}

function traceTable(entries: readonly LedgerEntry[]): string {
  if (entries.length === 0) return 'Nothing was recorded that fits.\n';
  const rows = entries.map((entry) => {
    const { at, decision, kind, provider, requestModel, status, cost } = entry;
    return [
      // To the second: with the milliseconds a line has no room for the rest.
      at.slice(5, 19).replace('T', ' '),
      kind === 'refused'
        ? (decision.reasonCode ?? kind)
        : `${kind}${status === undefined ? '' : ` ${status}`}`,
      short(`${provider}/${requestModel}`, 26),
      kind === 'refused' ? '' : String(durationOf(entry)),
      cost.result === 'priced' ? amountOf(roundMoney(cost.total, 6)) : '?',
    ];
  });
  const table = renderTable(['at (UTC)', 'what', 'where', 'ms', 'cost'], rows, {
    alignRight: (column) => column > 2,
  });
  const ids = [...new Set(entries.map(({ operationId }) => operationId))];
  const why = ids.length === 1 ? `\nWhy: genops explain ${ids[0]}\n` : `\nThe last: ${ids.at(-1)}\n`;
  return table + why;
}

function short(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

function durationOf({ at, endedAt }: LedgerEntry): number {
  return Date.parse(endedAt) - Date.parse(at);
}
