import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openSqliteOutbox } from '@genops/alerts/sqlite';
import { ConfigurationError, isGenOpsError } from '@genops/core';
import { readArguments, type StartOptions, usage } from './arguments.ts';
import { logCalls } from './call-lines.ts';
import { configJsonSchema, type Environment } from './config.ts';
import { findConfig, loadConfig } from './load-config.ts';
import { createJsonLog, createTextLog, type Log, messageOf, withoutSecrets } from './log.ts';
import { openLedger } from './open-ledger.ts';
import { type RunningProxy, startProxy } from './proxy.ts';
import { createReload } from './reload.ts';
import type { LoadedConfig } from './serving.ts';
import { starterConfig } from './starter.ts';
import { welcome, welcomeStarter } from './welcome.ts';

/** What a signal to stop does; what that is depends on how far the start has come. */
let stop = (): void => process.exit(0);
process.on('SIGINT', () => stop());
process.on('SIGTERM', () => stop());

/** What a signal to read the configuration again does; one that comes too early is carried out later. */
let reload = (): void => {
  reloadAsked = true;
};
let reloadAsked = false;
// Where there is a terminal, the signal says that it was closed.
if (!process.stdin.isTTY) process.on('SIGHUP', () => reload());

/** Starts the proxy as a program: reads what it was given, says what it does, and stops when it is told to. */
async function main(): Promise<void> {
  const start = readArguments(process.argv.slice(2), process.env);
  if (start.command === 'help') return print(usage);
  if (start.command === 'schema') return print(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  const log = start.log === 'json' ? createJsonLog() : createTextLog();
  try {
    await serve(start, log);
  } catch (error) {
    if (start.log === 'text') throw error;
    log.complain('failed_to_start', error);
    await log.flush();
    process.exit(1);
  }
}

async function serve(start: StartOptions, log: Log): Promise<void> {
  const onError = (error: unknown): void => log.complain('error', error);
  const configFile = await findConfig(start.configFile);
  const starter =
    configFile === undefined
      ? await starterConfig(await ownDirectory(start.dataDirectory), process.env)
      : undefined;
  const loaded: LoadedConfig = starter ?? (await loadConfig(configFile as string));
  const environment: Environment = starter?.environment ?? process.env;
  const { driver } = loaded.config.ledger;
  const dataDirectory =
    driver === 'sqlite' ? await ownDirectory(start.dataDirectory) : resolve(start.dataDirectory);

  const opened = await openLedger(loaded.config.ledger, { dataDirectory, environment, onError });
  const { ledger, routerStates } = opened;
  const alertOutbox =
    loaded.config.alerts && openSqliteOutbox({ path: join(await ownDirectory(dataDirectory), 'alerts.db') });
  const proxy = await startProxy({
    ...loaded,
    ledger,
    environment,
    onError,
    onDebug: (line) => process.stderr.write(line),
    ...(start.log === 'json' && { listeners: [logCalls(log)] }),
    ...(routerStates !== undefined && { routerStates }),
    ...(start.port !== undefined && { port: start.port }),
    ...(start.host !== undefined && { host: start.host }),
    ...(alertOutbox !== undefined && { alertOutbox }),
  });
  const place = driver === 'sqlite' ? dataDirectory : opened.description;
  stopOnSignals(proxy, log);
  if (configFile !== undefined) {
    reload = createReload({ proxy, file: configFile, first: loaded, watch: start.watch, log });
    if (reloadAsked) reload();
  }
  log.say(
    'listening',
    { url: proxy.url, configuration: configFile, ledger: opened.description },
    starter === undefined
      ? welcome(proxy, configFile as string, place)
      : welcomeStarter(proxy, starter, place),
  );
}

async function ownDirectory(directory: string): Promise<string> {
  const path = resolve(directory);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new ConfigurationError(path, `the data directory cannot be written to: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return path;
}

/** The first signal drains, a second one cuts calls short, a third one waits for nothing. Echoes do not count. */
function stopOnSignals(proxy: RunningProxy, log: Log): void {
  const echoMs = 1_000;
  let signals = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  stop = (): void => {
    const atMs = performance.now();
    if (atMs - lastMs <= echoMs) return;
    lastMs = atMs;
    signals += 1;
    if (signals > 2) process.exit(1);
    if (signals === 2) {
      log.say('stopping_now', {}, 'Stopping now: calls under way are cut short.\n');
      proxy.hurry();
      return;
    }
    log.say('stopping', {}, 'Stopping: no new calls; those under way may finish.\n');
    proxy
      .close()
      .then(() => {
        log.say('stopped', {});
        return log.flush();
      })
      .then(() => process.exit(0), fail);
  };
}

function print(text: string): void {
  process.stdout.write(text);
}

/** What people did wrong is said in a sentence; what we did wrong comes with its stack. */
function fail(error: unknown): never {
  const text = isGenOpsError(error) ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${withoutSecrets(text ?? '')}\n`);
  process.exit(1);
}

main().catch(fail);
