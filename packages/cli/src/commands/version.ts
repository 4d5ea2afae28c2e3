import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { ownVersion } from '../version.ts';

/** `genops version`: what runs here. */
export function addVersionCommand(program: Command, context: CommandContext): void {
  program.version(ownVersion(), '--version', 'the version alone');
  program
    .command('version')
    .description('The version of GenOps, of Node.js, and of the machine')
    .option('--json', 'one JSON document')
    .action(({ json }: { readonly json?: boolean }) => {
      const { node } = process.versions;
      const platform = `${process.platform} ${process.arch}`;
      const version = ownVersion();
      context.write(
        json === true
          ? `${JSON.stringify({ version, node, platform }, null, 2)}\n`
          : `genops ${version}\nnode   ${node}\n${platform}\n`,
      );
    });
}
