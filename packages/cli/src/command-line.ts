import { isGenOpsError } from '@genops/core';
import { Command, CommanderError } from 'commander';
import { StoppedError } from './ask/ask.ts';
import { addAlertsCommands } from './commands/alerts.ts';
import { addBudgetCommands } from './commands/budget.ts';
import { addCatalogCommands } from './commands/catalog.ts';
import { addConfigCommands } from './commands/config.ts';
import { addDoctorCommands } from './commands/doctor.ts';
import { addExplainCommand } from './commands/explain.ts';
import { addExportCommands } from './commands/export.ts';
import { addForecastCommand } from './commands/forecast.ts';
import { addInitCommand } from './commands/init.ts';
import { addKeyCommands } from './commands/key.ts';
import { addLedgerCommands } from './commands/ledger.ts';
import { addLoadTestCommand } from './commands/loadtest.ts';
import { addPolicyCommands } from './commands/policy.ts';
import { addPriceCommands } from './commands/price.ts';
import { addProviderCommands } from './commands/provider.ts';
import { addRecommendCommand } from './commands/recommend.ts';
import { addReportCommand } from './commands/report.ts';
import { addSpendCommand } from './commands/spend.ts';
import { addStatusCommand } from './commands/status.ts';
import { addTraceCommand } from './commands/trace.ts';
import { addVersionCommand } from './commands/version.ts';
import { addWhatIfCommand } from './commands/what-if.ts';
import type { CommandContext, ExitCode } from './context.ts';

/**
 * Runs the `genops` command.
 *
 * @param values - the arguments after the program's name
 * @returns the exit code; 2 when the arguments or what they name are wrong
 */
export async function runCommandLine(values: readonly string[], context: CommandContext): Promise<ExitCode> {
  const outcome: { code: ExitCode } = { code: 0 };
  const program = new Command('genops')
    .description('See what LLM calls cost, and keep them within their limits.')
    .exitOverride()
    .configureOutput({ writeOut: context.write, writeErr: context.writeError })
    .showHelpAfterError('(add --help for what it takes)');
  addSpendCommand(program, context);
  addReportCommand(program, context);
  addRecommendCommand(program, context);
  addForecastCommand(program, context, (code) => {
    outcome.code = code;
  });
  addWhatIfCommand(program, context);
  addExportCommands(program, context);
  addPriceCommands(program, context);
  addCatalogCommands(program, context, (code) => {
    outcome.code = code;
  });
  addLedgerCommands(program, context, (code) => {
    outcome.code = code;
  });
  addDoctorCommands(program, context, (code) => {
    outcome.code = code;
  });
  addInitCommand(program, context);
  addStatusCommand(program, context);
  addExplainCommand(program, context);
  addTraceCommand(program, context);
  addConfigCommands(program, context);
  addBudgetCommands(program, context);
  addPolicyCommands(program, context);
  addKeyCommands(program, context);
  addProviderCommands(program, context);
  addLoadTestCommand(program, context, (code) => {
    outcome.code = code;
  });
  addVersionCommand(program, context);
  addAlertsCommands(program, context, (code) => {
    outcome.code = code;
  });
  try {
    await program.parseAsync([...values], { from: 'user' });
    return outcome.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof StoppedError) {
      context.writeError('Stopped.\n');
      return 1;
    }
    if (!isGenOpsError(error)) throw error;
    context.writeError(`${error.message}\n`);
    return 2;
  }
}
