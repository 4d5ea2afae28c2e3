import { ConfigurationError } from '@genops/core';
import { attributionSchema } from '@genops/policy';
import { attributionOf } from '@genops/register/api';
import type { Command } from 'commander';
import { documentIn, editConfigFile } from '../configuration/edit-file.ts';
import {
  check,
  checkId,
  checkReference,
  configOption,
  configPath,
  shownReference,
} from '../configuration/file.ts';
import { hasItem, itemsIn, putItem, removeItem } from '../configuration/list.ts';
import { newVirtualKey } from '../configuration/virtual-key.ts';
import type { CommandContext } from '../context.ts';
import { collectPairs, type Pairs, singlesOf } from '../pairs.ts';
import { renderTable } from '../report/table.ts';

interface KeyOptions {
  readonly config?: string;
  readonly secret?: string;
  readonly attribute: Pairs;
}

const list = 'virtualKeys';

/** `genops key …`: keys that callers present to the proxy. The file keeps their digests, never a key. */
export function addKeyCommands(program: Command, context: CommandContext): void {
  const key = program.command('key').description('Keys that callers present to the proxy');
  key
    .command('list')
    .description('What keys are configured, and for whom; never a secret')
    .addOption(configOption())
    .option('--json', 'one JSON document')
    .action(async ({ config, json }: { readonly config?: string; readonly json?: boolean }) => {
      const keys = itemsIn(await documentIn(configPath(context, config)), list).map(shown);
      context.write(json === true ? `${JSON.stringify(keys, null, 2)}\n` : keyTable(keys));
    });
  key
    .command('add')
    .description('Add a key: a new one, which is shown this once, or one that a variable holds')
    .argument('<id>', 'its name in entries and reports')
    .addOption(configOption())
    .option('--secret <reference>', 'env:NAME: the variable that holds the key (default: a new key)')
    .option(
      '--attribute <name=value>',
      'for whom its calls are; may be given again: team=search',
      collectPairs,
      {},
    )
    .action(async (id: string, { config, secret, attribute }: KeyOptions) => {
      checkId('id', id);
      if (secret !== undefined) checkReference('--secret', secret);
      const attribution = attributionIn(attribute);
      const created = secret === undefined ? newVirtualKey() : undefined;
      const path = configPath(context, config);
      await editConfigFile(path, (document) => {
        if (hasItem(document, list, id))
          throw new ConfigurationError(list, `"${id}" is there already: genops key rotate ${id}`);
        putItem(document, list, id, {
          id,
          ...(created === undefined ? { secret } : { sha256: created.sha256 }),
          ...(Object.keys(attribution).length > 0 && { attribution }),
        });
      });
      context.write(`Key "${id}" is in ${path}\n`);
      if (created !== undefined) context.write(`It is shown this once: ${created.secret}\n`);
    });
  key
    .command('rotate')
    .description('Put a new key in place of one; the name and what it is for stay')
    .argument('<id>')
    .addOption(configOption())
    .action(async (id: string, { config }: { readonly config?: string }) => {
      const { secret, sha256 } = newVirtualKey();
      const path = configPath(context, config);
      await editConfigFile(path, (document) => {
        if (!hasItem(document, list, id))
          throw new ConfigurationError(list, `there is no "${id}": genops key add ${id}`);
        const before = itemsIn(document, list).find((one) => one['id'] === id);
        if (before?.['secret'] !== undefined) {
          throw new ConfigurationError(
            `${list}.${id}`,
            'is what a variable of the environment holds: change that variable',
          );
        }
        putItem(document, list, id, { sha256 });
      });
      context.write(`Key "${id}" is new; the one before is refused once the proxy has read ${path}\n`);
      context.write(`It is shown this once: ${secret}\n`);
    });
  key
    .command('remove')
    .description('Take a key out')
    .argument('<id>')
    .addOption(configOption())
    .action(async (id: string, { config }: { readonly config?: string }) => {
      const path = configPath(context, config);
      await editConfigFile(path, (document) => removeItem(document, list, id));
      context.write(`Key "${id}" is not in ${path} any more\n`);
    });
}

/** Names that are no dimensions become tags. */
function attributionIn(pairs: Pairs): object {
  const several = Object.entries(pairs).find(([, values]) => values.length > 1);
  if (several !== undefined) throw new ConfigurationError('--attribute', `"${several[0]}" is given twice`);
  const attribution = attributionOf(singlesOf(pairs) as Record<string, string>);
  check('--attribute', attributionSchema, attribution);
  return attribution;
}

function shown(key: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { id, secret, attribution = {} } = key;
  return { id, from: shownReference(secret) ?? 'digest', attribution };
}

function keyTable(keys: readonly Readonly<Record<string, unknown>>[]): string {
  if (keys.length === 0) return 'No key is configured.\n';
  const rows = keys.map(({ id, from, attribution }) => {
    const { tags = {}, ...named } = attribution as Readonly<Record<string, unknown>>;
    const all = [...Object.entries(named), ...Object.entries(tags as object)];
    return [String(id), String(from), all.map(([name, value]) => `${name}=${value}`).join(' ')];
  });
  return renderTable(['key', 'from', 'for'], rows, { alignRight: () => false });
}
