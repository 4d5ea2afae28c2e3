import { type Attribution, checkAttribution, mergeAttribution, type Provider } from '@genops/core';
import { type PolicyInput, parsePolicy } from '@genops/policy';
import type { LiveList, PriceFile } from '@genops/pricing';
import type { TelemetryConfig } from '@genops/telemetry/config';
import { checkInput } from './check-input.ts';
import { readConfigFile } from './config-file.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { providersAt, providerTypes } from './known-providers.ts';
import type { TelemetryInput } from './telemetry.ts';

/** What a program may say itself. It wins over the environment, which wins over `genops.yaml`. */
export interface SettingsInput {
  /** What every call says unless it says otherwise. Merged with the environment's and the file's. */
  readonly attribution?: Attribution;
  /** Limits and rules. A limit or rule with the id of another replaces it. */
  readonly policy?: PolicyInput;
  /** `observe` never refuses. @default 'enforce' */
  readonly mode?: 'enforce' | 'observe';
  /** `memory`, or the path of an SQLite ledger. @default '.genops/ledger.db' */
  readonly ledger?: string;
  /** Which providers' calls are governed. @default every known one */
  readonly providers?: readonly Provider[];
  /** Prices of one's own, on top of those in the configuration file. */
  readonly prices?: readonly PriceFile[];
  /** Whose own lists of prices are asked for while the program runs. @default none */
  readonly livePrices?: readonly LiveList[];
  /** Paths of a known provider that have no price: files, fine-tuning. @default 'pass' */
  readonly onUnknownRoute?: 'refuse' | 'pass';
  /** One line for each call, to standard error. @default false */
  readonly debug?: boolean;
  /**
   * Spans and metrics; `false` for none. They go to the OpenTelemetry SDK that the program registered, else
   * where `OTEL_EXPORTER_OTLP_ENDPOINT` says, else where `otlp` says.
   *
   * @default {}
   */
  readonly telemetry?: false | TelemetryInput;
  /** @default genops.yaml, if there is one */
  readonly configFile?: string;
}

/** Everything that zero-code governance goes by, from wherever it came. */
export interface Settings {
  readonly attribution: Attribution;
  readonly policy: PolicyInput;
  readonly mode: 'enforce' | 'observe';
  readonly ledger: string;
  /** At all their addresses. */
  readonly providers: readonly Provider[];
  readonly prices: readonly PriceFile[];
  readonly livePrices: readonly LiveList[];
  readonly onUnknownRoute: 'refuse' | 'pass';
  readonly debug: boolean;
  readonly telemetry: false | TelemetryInput;
  /** The configuration file that was read, if there was one. */
  readonly configFile?: string;
}

export interface SettingsSources {
  readonly environment: Environment;
  /** Where relative paths start. */
  readonly directory: string;
}

/**
 * Brings together what the program, the environment and `genops.yaml` say.
 *
 * @throws {ConfigurationError} naming the first thing that is not as it must be
 */
export function readSettings(input: SettingsInput, sources: SettingsSources): Settings {
  checkInput(input);
  const environment = readEnvironment(sources.environment);
  const file = readConfigFile(input.configFile ?? environment.configFile, sources.directory);
  const inFile = file?.content ?? {};
  const policy = {
    limits: byId([...(inFile.limits ?? []), ...environment.limits, ...(input.policy?.limits ?? [])]),
    rules: byId([...(inFile.rules ?? []), ...(input.policy?.rules ?? [])]),
    onUnpriced: input.policy?.onUnpriced ?? environment.onUnpriced ?? inFile.onUnpriced ?? 'block',
  } as PolicyInput;
  parsePolicy(policy);
  const providers = providersAt(
    input.providers ?? providerTypes,
    sources.environment,
    inFile.providers ?? [],
  );
  return {
    attribution: checkAttribution(
      mergeAttribution(
        (inFile.attribution ?? {}) as Attribution,
        environment.attribution,
        input.attribution ?? {},
      ),
    ),
    policy,
    mode: input.mode ?? environment.mode ?? inFile.mode ?? 'enforce',
    ledger: input.ledger ?? environment.ledger ?? inFile.ledger ?? '.genops/ledger.db',
    providers,
    prices: [...(input.prices ?? []), ...(file?.prices ?? [])],
    livePrices: input.livePrices ?? environment.livePrices ?? inFile.livePrices ?? [],
    onUnknownRoute: input.onUnknownRoute ?? environment.onUnknownRoute ?? inFile.onUnknownRoute ?? 'pass',
    debug: input.debug ?? environment.debug ?? inFile.debug ?? false,
    telemetry:
      input.telemetry === false
        ? false
        : {
            ...telemetryInFile(inFile.telemetry),
            ...(environment.aliases !== undefined && { aliases: environment.aliases }),
            ...input.telemetry,
          },
    ...(file !== undefined && { configFile: file.path }),
  };
}

/** What an application takes of it: there is nobody to ask it for metrics. */
function telemetryInFile(config: TelemetryConfig | undefined): TelemetryInput {
  if (config === undefined) return {};
  const { prometheus: _, prompts: __, ...telemetry } = config;
  return Object.fromEntries(Object.entries(telemetry).filter(([, value]) => value !== undefined));
}

/** Of several with one id the last stays. */
function byId<Item extends { readonly id: string }>(items: readonly Item[]): readonly Item[] {
  return [...new Map(items.map((item) => [item.id, item])).values()];
}
