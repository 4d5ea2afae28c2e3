import { limitSchema } from '@genops/policy';
import type { Command } from 'commander';
import { documentIn, editConfigFile } from '../configuration/edit-file.ts';
import { check, configOption, configPath } from '../configuration/file.ts';
import { itemsIn, putItem, removeItem } from '../configuration/list.ts';
import type { CommandContext } from '../context.ts';
import { collectPairs, type Pairs, singlesOf } from '../pairs.ts';
import { renderTable } from '../report/table.ts';

interface BudgetOptions {
  readonly config?: string;
  readonly amount?: string;
  readonly unit?: string;
  readonly currency?: string;
  readonly window?: string;
  readonly timeZone?: string;
  readonly match: Pairs;
  readonly per?: string;
  readonly mode?: string;
  readonly onExceeded?: string;
  readonly downgradeTo?: string;
  readonly overdraft?: string;
  readonly thresholds?: string;
}

/** `genops budget …`: limits in the configuration file, comments and order kept. */
export function addBudgetCommands(program: Command, context: CommandContext): void {
  const budget = program.command('budget').description('Limits in the configuration file');
  budget
    .command('list')
    .description('What limits are configured')
    .addOption(configOption())
    .option('--json', 'one JSON document')
    .action(async ({ config, json }: { readonly config?: string; readonly json?: boolean }) => {
      const limits = itemsIn(await documentIn(configPath(context, config)), 'limits');
      context.write(json === true ? `${JSON.stringify(limits, null, 2)}\n` : budgetTable(limits));
    });
  budget
    .command('set')
    .description('Add a limit, or change what is said here of one that is there')
    .argument('<id>', 'its name, such as search-daily')
    .addOption(configOption())
    .option('--amount <decimal>', 'how much')
    .option('--unit <unit>', 'money (default), tokens, requests or concurrency')
    .option('--currency <code>', 'of money; USD unless it says otherwise')
    .option(
      '--window <window>',
      'hour, day, week, month, quarter, year, request, session, lifetime, or rolling:3600, fixed:3600, rate:60',
    )
    .option('--time-zone <name>', 'of a calendar window, such as Europe/Berlin; UTC unless it says otherwise')
    .option(
      '--match <dimension=value>',
      'only calls with this value; may be given again: team=search',
      collectPairs,
      {},
    )
    .option('--per <dimensions>', 'a counter for each value: customerId, or team,model')
    .option('--mode <mode>', 'enforced (default), advisory or shadow')
    .option('--on-exceeded <what>', 'refuse (default), clamp, downgrade or elastic')
    .option('--downgrade-to <model>', 'with --on-exceeded downgrade')
    .option('--overdraft <decimal>', 'with --on-exceeded elastic')
    .option('--thresholds <percentages>', 'that alert once each: 80,90,100')
    .action(async (id: string, options: BudgetOptions) => {
      const path = configPath(context, options.config);
      await editConfigFile(path, (document) => {
        check(`limits.${id}`, limitSchema, putItem(document, 'limits', id, fieldsOf(id, options)));
      });
      context.write(`Limit "${id}" is in ${path}\n`);
    });
  budget
    .command('remove')
    .description('Take a limit out')
    .argument('<id>')
    .addOption(configOption())
    .action(async (id: string, { config }: { readonly config?: string }) => {
      const path = configPath(context, config);
      await editConfigFile(path, (document) => removeItem(document, 'limits', id));
      context.write(`Limit "${id}" is not in ${path} any more\n`);
    });
}

function fieldsOf(id: string, options: BudgetOptions): Readonly<Record<string, unknown>> {
  const { window, timeZone, match, per, thresholds, config: _, ...others } = options;
  const scope = {
    ...(Object.keys(match).length > 0 && { match: singlesOf(match) }),
    ...(per !== undefined && { per: per.split(',').map((name) => name.trim()) }),
  };
  return {
    id,
    ...others,
    ...(window !== undefined && { window: windowOf(window, timeZone) }),
    ...(Object.keys(scope).length > 0 && { scope }),
    ...(thresholds !== undefined && { thresholds: thresholds.split(',').map(Number) }),
  };
}

function windowOf(text: string, timeZone: string | undefined): unknown {
  const [kind, seconds] = text.split(':');
  if (seconds !== undefined) return { kind, seconds: Number(seconds) };
  return timeZone === undefined ? text : { kind: 'calendar', period: text, timeZone };
}

function budgetTable(limits: readonly Readonly<Record<string, unknown>>[]): string {
  if (limits.length === 0) return 'No limit is configured.\n';
  const rows = limits.map((limit) => {
    const { id, amount, unit = 'money', currency = 'USD', window, mode = 'enforced', scope = {} } = limit;
    const { match = {}, per = [] } = scope as { readonly match?: object; readonly per?: readonly string[] };
    const whose = [
      ...Object.entries(match).map(([name, values]) => `${name}=${[values].flat().join('|')}`),
      ...per.map((name) => `each ${name}`),
    ];
    return [
      String(id),
      String(amount),
      String(unit === 'money' ? currency : unit),
      windowText(window),
      String(mode),
      whose.join(' ') || 'every call',
    ];
  });
  return renderTable(['limit', 'amount', '', 'window', 'mode', 'for'], rows, {
    alignRight: (column) => column === 1,
  });
}

function windowText(window: unknown): string {
  if (typeof window === 'string') return window;
  const { kind, period, seconds, timeZone } = (window ?? {}) as Readonly<Record<string, unknown>>;
  return [period ?? kind, seconds === undefined ? undefined : `${seconds} s`, timeZone]
    .filter((part) => part !== undefined)
    .join(' ');
}
