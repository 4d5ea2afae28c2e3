import { ConfigurationError, type Provider } from '@genops/core';
import { providerTypes } from '@genops/register/api';
import type { Command } from 'commander';
import { documentIn, editConfigFile } from '../configuration/edit-file.ts';
import { checkId, checkReference, configOption, configPath, shownReference } from '../configuration/file.ts';
import { hasItem, itemsIn, putItem, removeItem } from '../configuration/list.ts';
import type { CommandContext } from '../context.ts';
import { renderTable } from '../report/table.ts';

interface ProviderOptions {
  readonly config?: string;
  readonly id?: string;
  readonly baseUrl?: string;
  readonly apiKey?: string;
  readonly models?: string;
}

const list = 'providers';

/** `genops provider …`: providers in the configuration file, comments and order kept. */
export function addProviderCommands(program: Command, context: CommandContext): void {
  const provider = program.command('provider').description('Providers in the configuration file');
  provider
    .command('list')
    .description('What providers are configured, and where their keys are; never a key')
    .addOption(configOption())
    .option('--json', 'one JSON document')
    .action(async ({ config, json }: { readonly config?: string; readonly json?: boolean }) => {
      const items = itemsIn(await documentIn(configPath(context, config)), list).map(shown);
      context.write(json === true ? `${JSON.stringify(items, null, 2)}\n` : providerTable(items));
    });
  provider
    .command('types')
    .description('Every provider that can be named')
    .action(() => context.write(typeTable(providerTypes)));
  provider
    .command('add')
    .description('Add a provider')
    .argument('<type>', 'openai, anthropic … (genops provider types)')
    .addOption(configOption())
    .option('--id <name>', 'its name in prices, reports and limits (default: its type)')
    .option('--base-url <url>', 'where it is, when not at its usual address')
    .option('--api-key <reference>', 'env:NAME (default: the variable that its own clients read)')
    .option('--models <patterns>', 'models that go to it, separated by commas; * for any characters')
    .action(async (type: string, { config, id, baseUrl, apiKey, models }: ProviderOptions) => {
      typeNamed(type);
      const name = id ?? type;
      checkId('--id', name);
      if (apiKey !== undefined) checkReference('--api-key', apiKey);
      if (baseUrl !== undefined) checkAddress(baseUrl);
      const path = configPath(context, config);
      await editConfigFile(path, (document) => {
        if (hasItem(document, list, name))
          throw new ConfigurationError(list, `"${name}" is there already: remove it first, or give an --id`);
        putItem(document, list, name, {
          type,
          id,
          baseUrl,
          apiKey,
          models: models?.split(',').map((model) => model.trim()),
        });
      });
      context.write(`Provider "${name}" is in ${path}\n`);
    });
  provider
    .command('remove')
    .description('Take a provider out')
    .argument('<id>', 'its name, or its type when it has none')
    .addOption(configOption())
    .action(async (id: string, { config }: { readonly config?: string }) => {
      const path = configPath(context, config);
      await editConfigFile(path, (document) => removeItem(document, list, id));
      context.write(`Provider "${id}" is not in ${path} any more\n`);
    });
}

/** @throws {ConfigurationError} naming everyone that is known */
export function typeNamed(type: string): Provider {
  const found = providerTypes.find(({ id }) => id === type);
  if (found !== undefined) return found;
  const known = providerTypes.map(({ id }) => id).join(', ');
  throw new ConfigurationError('type', `expected one of ${known}; got "${type}"`);
}

function checkAddress(baseUrl: string): void {
  if (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol))
    throw new ConfigurationError('--base-url', `expected an http or https URL, got "${baseUrl}"`);
}

/** With what stands where a reference belongs only if it is one. */
function shown(item: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { apiKey, keys } = item;
  return {
    ...item,
    ...(apiKey !== undefined && { apiKey: shownReference(apiKey) }),
    ...(Array.isArray(keys) && {
      keys: keys.map((key: { readonly secret?: unknown }) => ({
        ...key,
        secret: shownReference(key.secret),
      })),
    }),
  };
}

function providerTable(items: readonly Readonly<Record<string, unknown>>[]): string {
  if (items.length === 0) return 'No provider is configured: every known one is governed.\n';
  const rows = items.map(({ type, id = type, baseUrl = '', apiKey, keys, models = [] }) => [
    String(id),
    String(type),
    String(baseUrl),
    Array.isArray(keys) ? `${keys.length} keys` : String(apiKey ?? ''),
    (models as readonly string[]).join(' '),
  ]);
  return renderTable(['provider', 'type', 'address', 'key', 'models'], rows, { alignRight: () => false });
}

function typeTable(types: readonly Provider[]): string {
  return renderTable(
    ['type', 'name', 'key'],
    types.map(({ id, name, apiKeyEnv }) => [id, name, apiKeyEnv]),
    { alignRight: () => false },
  );
}
