import { parseArgs } from 'node:util';
import { ConfigurationError } from '@genops/core';
import type { Environment } from './config.ts';

/** How the proxy is started. Arguments win over the environment. */
export interface StartOptions {
  /** @default genops.yaml, if there is one */
  readonly configFile: string | undefined;
  /** Wins over the configuration file. */
  readonly port: number | undefined;
  /** Wins over the configuration file. */
  readonly host: string | undefined;
  readonly dataDirectory: string;
  readonly log: 'text' | 'json';
  /** Whether the configuration is read again when its file changes, and not only on SIGHUP. */
  readonly watch: boolean;
  readonly command: 'serve' | 'help' | 'schema';
}

export const usage = `Usage: genops-proxy [options]

  --config FILE   configuration (GENOPS_CONFIG; default: genops.yaml, if there is one)
  --port N        port to listen on (PORT; default: server.port of the configuration)
  --host HOST     address to listen on (GENOPS_HOST; default: server.host of the configuration)
  --data DIR      where the ledger is kept (GENOPS_DATA_DIR; default: .genops)
  --log FORMAT    text, or json for one object a line (GENOPS_LOG; default: text)
  --watch         read the configuration again when its files change (GENOPS_WATCH=true); SIGHUP always does
  --schema        print the JSON Schema of the configuration and end
  --help          print this and end
`;

/** @throws {ConfigurationError} for options that do not exist and for a port that is none */
export function readArguments(values: readonly string[], environment: Environment): StartOptions {
  const parsed = parse(values);
  return {
    configFile: parsed.config ?? nonEmpty(environment['GENOPS_CONFIG']),
    port: portOf(parsed.port, '--port') ?? portOf(nonEmpty(environment['PORT']), 'PORT'),
    host: parsed.host ?? nonEmpty(environment['GENOPS_HOST']),
    dataDirectory: parsed.data ?? nonEmpty(environment['GENOPS_DATA_DIR']) ?? '.genops',
    log: logOf(parsed.log, '--log') ?? logOf(nonEmpty(environment['GENOPS_LOG']), 'GENOPS_LOG') ?? 'text',
    watch: parsed.watch ?? watchOf(nonEmpty(environment['GENOPS_WATCH'])),
    command: parsed.help === true ? 'help' : parsed.schema === true ? 'schema' : 'serve',
  };
}

interface Parsed {
  readonly config?: string | undefined;
  readonly port?: string | undefined;
  readonly host?: string | undefined;
  readonly data?: string | undefined;
  readonly log?: string | undefined;
  readonly watch?: boolean | undefined;
  readonly schema?: boolean | undefined;
  readonly help?: boolean | undefined;
}

function parse(values: readonly string[]): Parsed {
  try {
    return parseArgs({
      args: [...values],
      options: {
        config: { type: 'string' },
        port: { type: 'string' },
        host: { type: 'string' },
        data: { type: 'string' },
        log: { type: 'string' },
        watch: { type: 'boolean' },
        schema: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new ConfigurationError('arguments', error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

function portOf(text: string | undefined, path: string): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65535)
    throw new ConfigurationError(path, `expected a port from 0 to 65535, got "${text}"`);
  return port;
}

function logOf(text: string | undefined, path: string): StartOptions['log'] | undefined {
  if (text === undefined || text === 'text' || text === 'json') return text;
  throw new ConfigurationError(path, `expected text or json, got "${text}"`);
}

function watchOf(text: string | undefined): boolean {
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw new ConfigurationError('GENOPS_WATCH', `expected true or false, got "${text}"`);
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
