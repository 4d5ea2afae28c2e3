import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type AlertsConfig,
  alertChannelsOf,
  createAlerts,
  createMemoryOutbox,
  type Delivery,
  type Outbox,
  parseAlertsConfig,
} from '@genops/alerts';
import { openSqliteOutbox } from '@genops/alerts/sqlite';
import { ConfigurationError, isGenOpsError } from '@genops/core';
import type { Command } from 'commander';
import { parse } from 'yaml';
import type { CommandContext, ExitCode } from '../context.ts';
import { dataDirectory, dataOption } from '../ledger-file.ts';

interface OutboxOptions {
  readonly data?: string;
  readonly json?: boolean;
  readonly all?: boolean;
}

/** `genops alerts …`: whether messages arrive, and those that did not. */
export function addAlertsCommands(
  program: Command,
  context: CommandContext,
  end: (code: ExitCode) => void,
): void {
  const alerts = program.command('alerts').description('Messages to people');
  alerts
    .command('test')
    .description('Send a test message to a channel of genops.yaml; exit code 1 if it does not arrive')
    .argument('<channel>', 'its id')
    .option('--config <file>', 'where the channel is (GENOPS_CONFIG; default: genops.yaml)')
    .action(async (channel: string, { config }: { readonly config?: string }) =>
      end(await sendTest(channel, config, context)),
    );
  alerts
    .command('list')
    .description('Messages that were given up; exit code 1 if there are any')
    .addOption(dataOption())
    .option('--json', 'one JSON document')
    .action(({ data, json }: OutboxOptions) =>
      withOutbox(context, data, (outbox) => {
        const dead = outbox?.dead() ?? [];
        if (json === true) context.write(`${JSON.stringify(dead, null, 2)}\n`);
        else context.write(dead.length === 0 ? 'Every message arrived\n' : dead.map(lineOf).join(''));
        end(dead.length === 0 ? 0 : 1);
      }),
    );
  alerts
    .command('resend')
    .description('Send messages again that were given up; a running proxy does it at once, else the next one')
    .argument('[id...]', 'of the messages, as `genops alerts list` shows them')
    .option('--all', 'every message that was given up')
    .addOption(dataOption())
    .action((ids: readonly string[], { data, all }: OutboxOptions) =>
      withOutbox(context, data, (outbox) => end(resend(outbox, all === true ? undefined : ids, context))),
    );
}

async function sendTest(
  channel: string,
  file: string | undefined,
  context: CommandContext,
): Promise<ExitCode> {
  const config = alertsIn(resolve(file ?? context.environment['GENOPS_CONFIG'] ?? 'genops.yaml'));
  const known = config.channels.filter(({ id }) => id === channel);
  if (known.length === 0) {
    const ids = config.channels.map(({ id }) => id).join(', ');
    throw new ConfigurationError('channel', `expected one of ${ids}, got "${channel}"`);
  }
  const channels = await alertChannelsOf({ ...config, channels: known }, context.environment);
  const alerts = createAlerts({
    rules: [],
    channels,
    outbox: createMemoryOutbox(),
    nowMs: () => context.now().getTime(),
    ...(config.source !== undefined && { source: config.source }),
  });
  try {
    await alerts.test(channel);
    context.write(`A test message to "${channel}" arrived\n`);
    return 0;
  } catch (error) {
    if (!isGenOpsError(error)) throw error;
    context.writeError(`${error.message}\n`);
    return 1;
  } finally {
    await alerts.close(0);
  }
}

/** The `alerts` section of a configuration; what else is in the file is the proxy's. */
function alertsIn(path: string): AlertsConfig {
  if (!existsSync(path)) throw new ConfigurationError(path, 'there is no such file');
  const document = documentIn(path);
  const section =
    typeof document === 'object' && document !== null && 'alerts' in document ? document.alerts : undefined;
  if (section === undefined) throw new ConfigurationError(path, 'it has no "alerts"');
  return parseAlertsConfig(section);
}

function documentIn(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'), { maxAliasCount: 50 });
  } catch (cause) {
    const [why] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
    throw new ConfigurationError(path, `expected YAML: ${why}`, { cause });
  }
}

/** Beside a proxy that delivers from it. Without a file nothing was ever given up. */
function withOutbox(
  context: CommandContext,
  directory: string | undefined,
  use: (outbox: Outbox | undefined) => void,
): void {
  const path = join(dataDirectory(context, directory), 'alerts.db');
  if (!existsSync(path)) {
    use(undefined);
    return;
  }
  const outbox = openSqliteOutbox({ path, use: 'operate' });
  try {
    use(outbox);
  } finally {
    outbox.close();
  }
}

function resend(
  outbox: Outbox | undefined,
  ids: readonly string[] | undefined,
  context: CommandContext,
): ExitCode {
  if (ids?.length === 0) throw new ConfigurationError('arguments', 'expected ids of messages, or --all');
  const wanted = ids ?? outbox?.dead().map(({ message }) => message.id) ?? [];
  const missing = wanted.filter((id) => outbox?.resend(id, context.now().getTime()) !== true);
  context.write(`${wanted.length - missing.length} messages are sent again\n`);
  for (const id of missing) context.writeError(`No message that was given up has the id ${id}\n`);
  return missing.length === 0 ? 0 : 1;
}

function lineOf({ channel, message, attempts, lastError = '' }: Delivery): string {
  return `${message.id}  ${message.at}  ${channel}  ${message.title}\n  ${attempts} tries; ${lastError}\n`;
}
