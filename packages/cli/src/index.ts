export type { LiveQuote } from './checks/live.ts';
export type { Finding, ProblemId, Severity } from './checks/problems.ts';
export type { CheckResult, CheckStatus, ValidationResult } from './checks/result.ts';
export type { ValidateSetupOptions } from './checks/validate-setup.ts';
export { validateSetup } from './checks/validate-setup.ts';
export { runCommandLine } from './command-line.ts';
export type { CommandContext, ExitCode } from './context.ts';
export { printValidationResult } from './report/validation.ts';
