import { constants } from 'node:fs';
import { access, mkdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { openSqliteOutbox } from '@genops/alerts/sqlite';
import { ConfigurationError, isGenOpsError } from '@genops/core';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { type PriceFile, parsePriceFile } from '@genops/pricing';
import { readArguments, type StartOptions, usage } from './arguments.ts';
import { type Config, configJsonSchema, type Environment, parseConfig } from './config.ts';
import { type RunningProxy, startProxy } from './proxy.ts';
import { type Starter, starterConfig } from './starter.ts';

/** Starts the proxy as a program: reads what it was given, says what it does, and stops when it is told to. */
async function main(): Promise<void> {
  const start = readArguments(process.argv.slice(2), process.env);
  if (start.command === 'help') return print(usage);
  if (start.command === 'schema') return print(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);

  const dataDirectory = await ownDirectory(start.dataDirectory);
  const configFile = await findConfig(start);
  const starter = configFile === undefined ? await starterConfig(dataDirectory, process.env) : undefined;
  const config = starter?.config ?? (await readConfig(configFile as string));
  const environment: Environment = starter?.environment ?? process.env;
  const prices = configFile === undefined ? [] : await readPrices(config, configFile);

  const ledger = await openSqliteLedger({ path: join(dataDirectory, 'ledger.db') });
  const alertOutbox = config.alerts && openSqliteOutbox({ path: join(dataDirectory, 'alerts.db') });
  let proxy: RunningProxy;
  try {
    proxy = await startProxy({
      config,
      ledger,
      environment,
      prices,
      onError: (error) => process.stderr.write(`${new Date().toISOString()} ${messageOf(error)}\n`),
      ...(start.port !== undefined && { port: start.port }),
      ...(alertOutbox !== undefined && { alertOutbox }),
    });
  } catch (error) {
    await ledger.close();
    throw error;
  }
  stopOnSignals(proxy);
  print(
    starter === undefined
      ? welcome(proxy, configFile as string, dataDirectory)
      : welcomeStarter(proxy, starter, dataDirectory),
  );
}

async function findConfig({ configFile }: StartOptions): Promise<string | undefined> {
  if (configFile !== undefined) return resolve(configFile);
  const usual = resolve('genops.yaml');
  return access(usual).then(
    () => usual,
    () => undefined,
  );
}

async function readConfig(file: string): Promise<Config> {
  try {
    return parseConfig(await readText(file));
  } catch (error) {
    if (!isGenOpsError(error)) throw error;
    throw new ConfigurationError(file, error.message, { cause: error });
  }
}

/** Price files stand beside the configuration that names them. */
async function readPrices(config: Config, configFile: string): Promise<PriceFile[]> {
  return Promise.all(
    config.prices.map(async (name) => {
      const file = resolve(dirname(configFile), name);
      return parsePriceFile(JSON.parse(await readText(file)));
    }),
  );
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigurationError(file, `cannot be read: ${messageOf(error)}`, { cause: error });
  }
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

function welcome(proxy: RunningProxy, configFile: string, dataDirectory: string): string {
  return `GenOps proxy at ${proxy.url}/v1\n  configuration  ${configFile}\n  ledger         ${dataDirectory}\n`;
}

function welcomeStarter(
  proxy: RunningProxy,
  { virtualKey, simulated, model }: Starter,
  dataDirectory: string,
): string {
  const provider = simulated
    ? 'simulated (no OPENAI_API_KEY is set; answers are made up)'
    : 'OpenAI, with the key of OPENAI_API_KEY';
  return `GenOps proxy at ${proxy.url}/v1
  provider       ${provider}
  virtual key    ${virtualKey}
  budget         5 USD a day, enforced
  ledger         ${dataDirectory}

Try it:

  curl -i ${proxy.url}/v1/chat/completions \\
    -H 'Authorization: Bearer ${virtualKey}' \\
    -H 'Content-Type: application/json' \\
    -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello"}]}'

Then see what it cost:  ./node_modules/.bin/genops spend --data ${dataDirectory}
`;
}

/** The first signal drains; a second one, unless it is an echo of the first, does not wait. */
function stopOnSignals(proxy: RunningProxy): void {
  const echoMs = 1_000;
  let first: number | undefined;
  const stop = (): void => {
    if (first !== undefined) {
      if (Date.now() - first > echoMs) process.exit(1);
      return;
    }
    first = Date.now();
    print('Stopping: no new calls; those under way may finish.\n');
    proxy.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function print(text: string): void {
  process.stdout.write(text);
}

/** What people did wrong is said in a sentence; what we did wrong comes with its stack. */
function fail(error: unknown): never {
  process.stderr.write(
    `${isGenOpsError(error) ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exit(1);
}

main().catch(fail);
