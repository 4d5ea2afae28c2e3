import { realpath } from 'node:fs/promises';
import { ConfigurationError } from '@genops/core';
import type { Command } from 'commander';
import { replaceConfigFile } from '../configuration/edit-file.ts';
import { configOption, configPath } from '../configuration/file.ts';
import { type ConfigVersion, readVersion, versionsOf } from '../configuration/versions.ts';
import type { CommandContext } from '../context.ts';
import { renderTable } from '../report/table.ts';

interface ConfigOptions {
  readonly config?: string;
}

/** `genops config …`: what the configuration file said before, and back to it. */
export function addConfigCommands(program: Command, context: CommandContext): void {
  const config = program
    .command('config')
    .description('What the configuration file said before it was edited');
  const pathOf = async ({ config: named }: ConfigOptions): Promise<string> => {
    const path = configPath(context, named);
    return realpath(path).catch(() => path);
  };
  config
    .command('history')
    .description('The versions that edits replaced, the last first')
    .addOption(configOption())
    .action(async (options: ConfigOptions) => {
      const versions = await versionsOf(await pathOf(options));
      context.write(versions.length === 0 ? 'No edit was made here.\n' : historyTable(versions));
    });
  config
    .command('show')
    .description('What a version said')
    .argument('[number]', 'of genops config history', '1')
    .addOption(configOption())
    .action(async (number: string, options: ConfigOptions) => {
      context.write(await readVersion(await versionNumbered(await pathOf(options), number)));
    });
  config
    .command('rollback')
    .description('Back to a version; what the file says now becomes one too')
    .argument('[number]', 'of genops config history', '1')
    .addOption(configOption())
    .action(async (number: string, options: ConfigOptions) => {
      const path = await pathOf(options);
      await replaceConfigFile(path, async () => readVersion(await versionNumbered(path, number)));
      context.write(`${path} says again what it said before; genops config rollback takes that back\n`);
    });
}

/** @throws {ConfigurationError} when there is none of that number */
async function versionNumbered(path: string, number: string): Promise<ConfigVersion> {
  const versions = await versionsOf(path);
  const found = versions.find((version) => String(version.number) === number);
  if (found !== undefined) return found;
  const known = versions.length === 0 ? 'there is none' : `there are ${versions.length}`;
  throw new ConfigurationError('version', `expected a version from genops config history; ${known}`);
}

function historyTable(versions: readonly ConfigVersion[]): string {
  return renderTable(
    ['version', 'replaced at (UTC)'],
    versions.map(({ number, replacedAt }) => [String(number), replacedAt]),
    { alignRight: (column) => column === 0 },
  );
}
