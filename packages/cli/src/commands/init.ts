import { access, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError } from '@genops/core';
import { limitSchema } from '@genops/policy';
import { providerTypes } from '@genops/register/api';
import type { Command } from 'commander';
import { type Asker, openAsker } from '../ask/ask.ts';
import { check } from '../configuration/file.ts';
import { type Plan, plannedFiles } from '../configuration/starter.ts';
import { newVirtualKey } from '../configuration/virtual-key.ts';
import { type CommandContext, directoryOf } from '../context.ts';
import { typeNamed } from './provider.ts';

interface InitOptions {
  readonly provider?: string;
  readonly team?: string;
  readonly project?: string;
  readonly environment?: string;
  readonly dailyBudget?: string;
  readonly proxy?: boolean;
  readonly interactive?: boolean;
  readonly force?: boolean;
}

type Answers = Omit<Plan, 'virtualKey'> & { readonly proxy: boolean };

/** `genops init`: a configuration and a list of the variables that it needs, for the providers that are named. */
export function addInitCommand(program: Command, context: CommandContext): void {
  program
    .command('init')
    .description('Write genops.yaml and .env.example; what is there stays unless --force is given')
    .option('--provider <types>', 'openai,anthropic … (genops provider types); default: openai')
    .option('--team <name>', 'whose calls are whose')
    .option('--project <name>')
    .option('--environment <name>', 'production, staging, development …')
    .option('--daily-budget <decimal>', 'in USD; the most that all calls of a day may cost')
    .option('--proxy', 'for the proxy too: with a first key for callers, which is shown this once')
    .option('--interactive', 'ask for all of it')
    .option('--force', 'put new files in place of old ones')
    .action(async (options: InitOptions) => {
      const asker =
        options.interactive === true
          ? await openAsker(context, 'genops init --help lists what can be given instead')
          : undefined;
      const { proxy, ...answers } = asker === undefined ? answersIn(options) : await ask(asker, options);
      checkAnswers(answers);
      const created = proxy ? newVirtualKey() : undefined;
      const files = plannedFiles({
        ...answers,
        ...(created !== undefined && { virtualKey: { id: 'first', sha256: created.sha256 } }),
      });
      const directory = directoryOf(context);
      const taken = await presentIn(directory, Object.keys(files));
      const mayReplace =
        options.force === true ||
        taken.length === 0 ||
        (asker !== undefined && (await asker.confirm(`Put a new one in place of ${taken.join(' and ')}?`)));
      if (!mayReplace) {
        throw new ConfigurationError(
          taken.join(', '),
          'is there already and stays as it is; --force puts a new one in its place',
        );
      }
      for (const [name, content] of Object.entries(files)) {
        await write(join(directory, name), content, taken.includes(name));
        context.write(`Wrote ${name}\n`);
      }
      context.write(nextSteps(answers, created?.secret));
    });
}

function answersIn({ provider = 'openai', proxy = false, ...said }: InitOptions): Answers {
  return { ...planOf(said), proxy, providers: provider.split(',').map((type) => typeNamed(type.trim())) };
}

async function ask(asker: Asker, said: InitOptions): Promise<Answers> {
  const types =
    said.provider?.split(',').map((type) => type.trim()) ??
    (await asker.several(
      'Which providers are called?',
      providerTypes.map(({ id }) => id),
    ));
  const text = async (
    given: string | undefined,
    question: string,
    example: string,
  ): Promise<string | undefined> =>
    given ?? ((await asker.text(`${question} (empty: not said)`, { example, optional: true })) || undefined);
  const team = await text(said.team, 'Whose calls are these: which team?', 'search');
  const project = await text(said.project, 'Which project?', 'ranking');
  const environment = await text(said.environment, 'Which environment?', 'development');
  const dailyBudget =
    said.dailyBudget ??
    ((await asker.text('What may all calls of a day cost, in USD? (empty: no limit)', {
      example: '25',
      optional: true,
      check: (amount) => (problemOf(amount) === undefined ? undefined : 'A plain decimal such as 25 or 2.50'),
    })) ||
      undefined);
  const proxy = said.proxy ?? (await asker.confirm('Is it for the proxy too?'));
  return { ...planOf({ team, project, environment, dailyBudget }), proxy, providers: types.map(typeNamed) };
}

function planOf(said: {
  readonly team?: string | undefined;
  readonly project?: string | undefined;
  readonly environment?: string | undefined;
  readonly dailyBudget?: string | undefined;
}): Omit<Plan, 'providers'> {
  const { team, project, environment, dailyBudget } = said;
  return {
    attribution: {
      ...(team !== undefined && { team }),
      ...(project !== undefined && { project }),
      ...(environment !== undefined && { environment }),
    },
    ...(dailyBudget !== undefined && { dailyBudget }),
  };
}

function checkAnswers({ dailyBudget }: Omit<Answers, 'proxy'>): void {
  if (dailyBudget !== undefined) check('--daily-budget', limitSchema, limitOf(dailyBudget));
}

function problemOf(amount: string): string | undefined {
  return limitSchema.safeParse(limitOf(amount)).success ? undefined : amount;
}

function limitOf(amount: string): object {
  return { id: 'daily', amount, window: 'day' };
}

async function presentIn(directory: string, names: readonly string[]): Promise<readonly string[]> {
  const looked = await Promise.all(
    names.map((name) =>
      access(join(directory, name)).then(
        () => [name],
        () => [],
      ),
    ),
  );
  return looked.flat();
}

/** A file that appears meanwhile is not overwritten either. */
async function write(path: string, content: string, replace: boolean): Promise<void> {
  if (replace) await rm(path, { force: true });
  const file = await open(path, 'wx').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigurationError(path, `cannot be written: ${error.message}`, { cause: error });
  });
  try {
    await file.writeFile(content);
  } finally {
    await file.close();
  }
}

function nextSteps({ providers }: Omit<Answers, 'proxy'>, secret: string | undefined): string {
  const variables = [...new Set(providers.map(({ apiKeyEnv }) => apiKeyEnv).filter((name) => name !== ''))];
  return [
    '',
    ...(secret === undefined
      ? []
      : [`The key for callers of the proxy is shown this once:`, `  ${secret}`, '']),
    `Next: copy .env.example to .env, put ${variables.join(', ') || 'what it asks for'} in it, and look at it:`,
    '  genops doctor --env-file .env',
    '',
  ].join('\n');
}
