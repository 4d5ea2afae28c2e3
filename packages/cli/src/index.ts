export { runCommandLine } from './command-line.ts';
export type { CommandContext, ExitCode } from './context.ts';
