import { resolve } from 'node:path';
import { ConfigurationError, formatMoney } from '@genops/core';
import type { Command } from 'commander';
import { openAsker } from '../ask/ask.ts';
import type { LiveQuote } from '../checks/live.ts';
import type { ValidationResult } from '../checks/result.ts';
import { type ValidateSetupOptions, validateSetup } from '../checks/validate-setup.ts';
import { readEnvFile } from '../configuration/env-file.ts';
import { configPath } from '../configuration/file.ts';
import { type CommandContext, directoryOf, type ExitCode } from '../context.ts';
import { walkThrough } from '../fixes/walk-through.ts';
import { printValidationResult } from '../report/validation.ts';

interface DoctorOptions {
  readonly model: readonly string[];
  readonly live?: boolean;
  readonly strict?: boolean;
  readonly json?: boolean;
  readonly timeout: string;
  readonly interactive?: boolean;
  readonly envFile?: string;
}

/** `genops doctor` looks at the whole setup, `genops validate <provider>` at one provider in it. */
export function addDoctorCommands(
  program: Command,
  context: CommandContext,
  end: (code: ExitCode) => void,
): void {
  withOptions(program.command('doctor'))
    .description('Check the setup: keys, addresses, prices, budgets, ledger, attribution, telemetry')
    .action(async (options: DoctorOptions) => end(await check(undefined, options, context)));
  withOptions(program.command('validate'))
    .description('Check the setup of one provider')
    .argument('<provider>', 'openai, anthropic, google …')
    .action(async (provider: string, options: DoctorOptions) =>
      end(await check([provider], options, context)),
    );
}

function withOptions(command: Command): Command {
  return command
    .option(
      '--model <name>',
      'a model that the program uses; may be given again (GENOPS_MODELS)',
      collect,
      [],
    )
    .option('--live', 'make one real, billed call to each provider, after showing what it can cost')
    .option('--strict', 'end with 1 for warnings too')
    .option('--timeout <seconds>', 'how long an address may take to answer', '10')
    .option('--env-file <file>', 'variables beside those of the environment, which win')
    .option('--interactive', 'go through what was found, and put right what you agree to')
    .option('--json', 'one JSON document instead of text');
}

async function check(
  providers: readonly string[] | undefined,
  options: DoctorOptions,
  context: CommandContext,
): Promise<ExitCode> {
  if (options.interactive === true && options.json === true)
    throw new ConfigurationError('--json', 'does not go with --interactive');
  const asker =
    options.interactive === true
      ? await openAsker(context, 'without --interactive every finding says what to do')
      : undefined;
  const { envFile } = options;
  const directory = directoryOf(context);
  const variables = envFile === undefined ? {} : await readEnvFile(resolve(directory, envFile));
  const look = (written: Environment = {}): Promise<ValidationResult> =>
    validateSetup({
      ...(providers !== undefined && { providers }),
      ...(options.model.length > 0 && { models: options.model }),
      ...(options.live === true && { live: (quote: LiveQuote) => show(quote, context) }),
      environment: { ...variables, ...context.environment, ...written },
      directory,
      timeoutMs: secondsIn(options.timeout) * 1000,
      now: context.now,
    });
  const first = await look();
  if (options.json === true) context.write(`${JSON.stringify(first, null, 2)}\n`);
  else printValidationResult(first, context.write);
  if (asker === undefined || first.issues.length === 0) return exitCodeOf(first, options.strict === true);
  const files = {
    configuration: configPath(
      { ...context, environment: { ...variables, ...context.environment } },
      undefined,
    ),
    variables: resolve(directory, envFile ?? '.env'),
  };
  const written = await walkThrough(first.issues, asker, files);
  const result = await look(written);
  printValidationResult(result, context.write);
  if (Object.keys(written).length > 0)
    context.write(
      `Start with: node --env-file=${files.variables} …, and keep that file out of version control.\n`,
    );
  return exitCodeOf(result, options.strict === true);
}

type Environment = NonNullable<ValidateSetupOptions['environment']>;

/** Whoever asked for a live call has agreed to it; what it can cost is shown before it is made. */
function show({ provider, model, atMost }: LiveQuote, context: CommandContext): true {
  context.writeError(`A live call to ${model} (${provider}) costs at most ${formatMoney(atMost)}.\n`);
  return true;
}

function exitCodeOf({ isValid, warnings }: ValidationResult, strict: boolean): ExitCode {
  return isValid && !(strict && warnings.length > 0) ? 0 : 1;
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

function secondsIn(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 600))
    throw new ConfigurationError('--timeout', `expected seconds, more than 0 and at most 600; got "${text}"`);
  return seconds;
}
