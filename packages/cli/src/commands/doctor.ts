import { ConfigurationError, formatMoney } from '@genops/core';
import type { Command } from 'commander';
import type { LiveQuote } from '../checks/live.ts';
import type { ValidationResult } from '../checks/result.ts';
import { validateSetup } from '../checks/validate-setup.ts';
import type { CommandContext, ExitCode } from '../context.ts';
import { printValidationResult } from '../report/validation.ts';

interface DoctorOptions {
  readonly model: readonly string[];
  readonly live?: boolean;
  readonly strict?: boolean;
  readonly json?: boolean;
  readonly timeout: string;
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
    .option('--json', 'one JSON document instead of text');
}

async function check(
  providers: readonly string[] | undefined,
  options: DoctorOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const result = await validateSetup({
    ...(providers !== undefined && { providers }),
    ...(options.model.length > 0 && { models: options.model }),
    ...(options.live === true && { live: (quote: LiveQuote) => show(quote, context) }),
    environment: context.environment,
    timeoutMs: secondsIn(options.timeout) * 1000,
    now: context.now,
  });
  if (options.json === true) context.write(`${JSON.stringify(result, null, 2)}\n`);
  else printValidationResult(result, context.write);
  return exitCodeOf(result, options.strict === true);
}

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
