import { ruleSchema } from '@genops/policy';
import type { Command } from 'commander';
import { documentIn, editConfigFile } from '../configuration/edit-file.ts';
import { check, configOption, configPath } from '../configuration/file.ts';
import { hasItem, itemsIn, putItem, removeItem } from '../configuration/list.ts';
import type { CommandContext } from '../context.ts';
import { collectPairs, type Pairs, singlesOf } from '../pairs.ts';
import { renderTable } from '../report/table.ts';

interface RuleOptions {
  readonly config?: string;
  readonly effect?: string;
  readonly when: Pairs;
  readonly unless: Pairs;
  readonly mode?: string;
  readonly reason?: string;
  readonly message?: string;
}

/** `genops policy …`: rules in the configuration file, comments and order kept. */
export function addPolicyCommands(program: Command, context: CommandContext): void {
  const policy = program.command('policy').description('Rules in the configuration file');
  policy
    .command('list')
    .description('What rules are configured')
    .addOption(configOption())
    .option('--json', 'one JSON document')
    .action(async ({ config, json }: { readonly config?: string; readonly json?: boolean }) => {
      const rules = itemsIn(await documentIn(configPath(context, config)), 'rules');
      context.write(json === true ? `${JSON.stringify(rules, null, 2)}\n` : ruleTable(rules));
    });
  policy
    .command('set')
    .alias('register')
    .description('Add a rule, or change what is said here of one that is there')
    .argument('<id>', 'its name, such as no-opus')
    .addOption(configOption())
    .option('--effect <effect>', 'deny (default) or warn')
    .option(
      '--when <dimension=value>',
      'only calls with this value, * for any characters; may be given again: model=gpt-4*',
      collectPairs,
      {},
    )
    .option('--unless <dimension=value>', 'no call with this value; may be given again', collectPairs, {})
    .option('--mode <mode>', 'enforced (default), or shadow, which only notes')
    .option('--reason <code>', 'POLICY_DENY_MODEL (default), POLICY_DENY_REGION, POLICY_DENY_CONTENT, x_…')
    .option('--message <text>', 'what the caller is told')
    .action(async (id: string, options: RuleOptions) => {
      const path = configPath(context, options.config);
      await editConfigFile(path, (document) => {
        const effect = options.effect ?? (hasItem(document, 'rules', id) ? undefined : 'deny');
        const { when, unless, mode, reason, message } = options;
        const rule = putItem(document, 'rules', id, {
          id,
          effect,
          ...(Object.keys(when).length > 0 && { when: singlesOf(when) }),
          ...(Object.keys(unless).length > 0 && { unless: singlesOf(unless) }),
          mode,
          reasonCode: reason,
          message,
        });
        check(`rules.${id}`, ruleSchema, rule);
      });
      context.write(`Rule "${id}" is in ${path}\n`);
    });
  policy
    .command('remove')
    .description('Take a rule out')
    .argument('<id>')
    .addOption(configOption())
    .action(async (id: string, { config }: { readonly config?: string }) => {
      const path = configPath(context, config);
      await editConfigFile(path, (document) => removeItem(document, 'rules', id));
      context.write(`Rule "${id}" is not in ${path} any more\n`);
    });
}

function ruleTable(rules: readonly Readonly<Record<string, unknown>>[]): string {
  if (rules.length === 0) return 'No rule is configured.\n';
  const conditions = (value: unknown): string =>
    Object.entries((value ?? {}) as Readonly<Record<string, unknown>>)
      .map(([name, values]) => `${name}=${[values].flat().join('|')}`)
      .join(' ');
  return renderTable(
    ['rule', 'effect', 'mode', 'when', 'unless'],
    rules.map(({ id, effect, mode = 'enforced', when, unless }) => [
      String(id),
      String(effect),
      String(mode),
      conditions(when) || 'always',
      conditions(unless),
    ]),
    { alignRight: () => false },
  );
}
