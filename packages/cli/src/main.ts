import { runCommandLine } from './command-line.ts';

process.exitCode = await runCommandLine(process.argv.slice(2), {
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  environment: process.env,
  standardInput: process.stdin,
  ...(process.stdin.isTTY &&
    process.stdout.isTTY && { terminal: { input: process.stdin, output: process.stdout } }),
  now: () => new Date(),
});
