import { existsSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { amountOf, type Limit, type LimitState, money, parseDecimal, roundMoney } from '@genops/core';
import type { SumRow } from '@genops/ledger';
import { type LedgerReader, openSqliteLedgerReader } from '@genops/ledger/sqlite';
import { parsePolicy } from '@genops/policy';
import { readSettings, type Settings } from '@genops/register/api';
import type { Command } from 'commander';
import { configOption } from '../configuration/file.ts';
import { type CommandContext, directoryOf } from '../context.ts';
import { dataOption } from '../ledger-file.ts';
import { renderTable } from '../report/table.ts';
import { ownVersion } from '../version.ts';

interface StatusOptions {
  readonly config?: string;
  readonly data?: string;
  readonly json?: boolean;
}

interface Status {
  readonly version: string;
  readonly configuration: string | null;
  readonly mode: Settings['mode'];
  readonly attribution: Settings['attribution'];
  /** Providers whose key is set, where their clients look for it. */
  readonly keysOf: readonly string[];
  readonly ledger: { readonly path: string; readonly state: 'there' | 'not there yet' | 'in memory' };
  /** One for each currency. */
  readonly today: readonly Spent[];
  readonly month: readonly Spent[];
  readonly limits: readonly LimitLine[];
}

interface Spent {
  readonly amount: string;
  readonly currency: string;
  readonly entries: number;
  readonly refused: number;
}

interface LimitLine {
  readonly id: string;
  readonly mode: Limit['mode'];
  readonly unit: string;
  readonly amount: string;
  /** Absent where each of several counters has its own, and where there is no ledger. */
  readonly state?: LimitState;
}

/** `genops status`: what holds here, and how far limits are used. Asks no provider; that is `genops doctor`. */
export function addStatusCommand(program: Command, context: CommandContext): void {
  program
    .command('status')
    .description('What holds here: configuration, ledger, spending of today and this month, limits')
    .addOption(configOption())
    .addOption(dataOption())
    .option('--json', 'one JSON document')
    .action(async ({ json, ...options }: StatusOptions) => {
      const status = await statusOf(context, options);
      context.write(
        json === true ? `${JSON.stringify(status, null, 2)}\n` : statusText(status, directoryOf(context)),
      );
    });
}

async function statusOf(context: CommandContext, { config, data }: StatusOptions): Promise<Status> {
  const { environment } = context;
  const directory = directoryOf(context);
  const settings = readSettings(
    { ...(config !== undefined && { configFile: config }) },
    { environment, directory },
  );
  const { limits } = parsePolicy(settings.policy);
  const named = data === undefined ? settings.ledger : join(data, 'ledger.db');
  const path = named === 'memory' || isAbsolute(named) ? named : join(directory, named);
  const ledger = existsSync(path) ? await openSqliteLedgerReader({ path, now: context.now }) : undefined;
  try {
    return {
      version: ownVersion(),
      configuration: settings.configFile ?? null,
      mode: settings.mode,
      attribution: settings.attribution,
      keysOf: [
        ...new Set(
          settings.providers.filter(({ apiKeyEnv }) => environment[apiKeyEnv]?.trim()).map(({ id }) => id),
        ),
      ],
      ledger: {
        path,
        state: named === 'memory' ? 'in memory' : ledger === undefined ? 'not there yet' : 'there',
      },
      today: ledger === undefined ? [] : await spentSince(ledger, context.now().toISOString().slice(0, 10)),
      month:
        ledger === undefined ? [] : await spentSince(ledger, `${context.now().toISOString().slice(0, 7)}-01`),
      limits: await limitLines(limits, ledger),
    };
  } finally {
    await ledger?.close();
  }
}

/** @param day - in UTC */
async function spentSince(ledger: LedgerReader, day: string): Promise<readonly Spent[]> {
  const rows: readonly SumRow[] = await ledger.sum({ by: [], filter: { from: `${day}T00:00:00.000Z` } });
  return rows.map(({ cost, entries, refused }) => ({
    amount: amountOf(cost),
    currency: cost.currency,
    entries,
    refused,
  }));
}

async function limitLines(limits: readonly Limit[], ledger: LedgerReader | undefined): Promise<LimitLine[]> {
  const counted = limits.filter(({ scope, window }) => {
    return (scope.per ?? []).length === 0 && window.kind !== 'request' && window.kind !== 'session';
  });
  const states = await ledger?.states(counted.map((limit) => ({ limit, bucket: '' })));
  return limits.map((limit) => {
    const state = states?.[counted.indexOf(limit)];
    const { id, mode, amount, unit, currency = 'USD' } = limit;
    return {
      id,
      mode,
      amount,
      unit: unit === 'money' ? currency : unit,
      ...(state !== undefined && { state }),
    };
  });
}

function statusText(status: Status, directory: string): string {
  const { version, configuration, mode, attribution, keysOf, ledger, today, month, limits } = status;
  const near = (path: string): string => {
    const short = relative(directory, path);
    return short.startsWith('..') || short === '' ? path : short;
  };
  const { tags = {}, ...named } = attribution;
  const whose = Object.entries({ ...named, ...tags }).map(([name, value]) => `${name}=${value}`);
  const facts = [
    ['version', version],
    ['configuration', configuration === null ? 'none: the environment alone' : near(configuration)],
    ['mode', mode],
    ['calls are for', whose.join(' ') || 'nobody in particular'],
    ['keys of', keysOf.join(', ') || 'no provider'],
    ['ledger', ledger.state === 'in memory' ? ledger.state : `${near(ledger.path)}, ${ledger.state}`],
    ['today (UTC)', spentText(today)],
    ['this month', spentText(month)],
  ];
  const text = renderTable(['', ''], facts, { alignRight: () => false }).trimStart();
  return `${text}${limits.length === 0 ? '\nNo limit is configured.\n' : `\n${limitTable(limits)}`}`;
}

function spentText(spent: readonly Spent[]): string {
  if (spent.length === 0) return 'nothing';
  return spent
    .map(({ amount, currency, entries, refused }) => {
      const rounded = amountOf(roundMoney(money(amount, currency), 6));
      return `${rounded} ${currency} in ${entries} entries, ${refused} of them refused`;
    })
    .join('; ');
}

function limitTable(limits: readonly LimitLine[]): string {
  return renderTable(
    ['limit', 'used', 'of', '', 'mode', 'until (UTC)'],
    limits.map(({ id, mode, unit, amount, state }) => [
      id,
      state === undefined ? '–' : parseDecimal(state.settled).plus(state.held).toFixed(),
      state?.amount ?? amount,
      unit,
      mode,
      state?.resetsAt?.slice(0, 16).replace('T', ' ') ?? '',
    ]),
    { alignRight: (column) => column === 1 || column === 2 },
  );
}
