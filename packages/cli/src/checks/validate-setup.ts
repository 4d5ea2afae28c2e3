import { ConfigurationError, isGenOpsError, type Provider } from '@genops/core';
import { parsePolicy } from '@genops/policy';
import { createLiveLists, createPricing } from '@genops/pricing';
import {
  type Environment,
  knownProviders,
  livePricesOf,
  providerTypes,
  readSettings,
  type Settings,
} from '@genops/register/api';
import { checkAttribution } from './attribution.ts';
import { checkBudgets } from './budgets.ts';
import { boundOf, checkCatalogue } from './catalogue.ts';
import { checkConfiguration, configurationFailure } from './configuration.ts';
import { checkEndpoint } from './endpoint.ts';
import { checkInstrumentation } from './instrumentation.ts';
import { checkKey } from './key.ts';
import { checkLedger } from './ledger.ts';
import { checkLive, type LiveQuote } from './live.ts';
import { finding } from './problems.ts';
import { type CheckResult, checked, type ValidationResult, validationResult } from './result.ts';
import { checkRuntime } from './runtime.ts';
import type { ProviderToCheck, Setup } from './setup.ts';
import { checkTelemetry } from './telemetry.ts';

export interface ValidateSetupOptions {
  /** Ids of the providers to check. @default those whose key is set */
  readonly providers?: readonly string[];
  /** Models that the program uses, such as `gpt-4o` or `anthropic/claude-sonnet-4-5`. @default `GENOPS_MODELS` */
  readonly models?: readonly string[];
  /** @default process.env */
  readonly environment?: Environment;
  /** Where `genops.yaml` and `package.json` are. @default the working directory */
  readonly directory?: string;
  /** @default the global `fetch` */
  readonly fetch?: typeof globalThis.fetch;
  /** How long an address may take to answer. @default 10_000 */
  readonly timeoutMs?: number;
  /** Lets one billed call be made to each provider, if it agrees to what it can cost. @default none is made */
  readonly live?: (quote: LiveQuote) => boolean | Promise<boolean>;
  readonly now?: () => Date;
}

/**
 * Looks at a setup from the key to the collector. Nothing is billed unless `live` agrees to it.
 *
 * @throws {ConfigurationError} for a provider that is not known; everything else is a finding
 */
export async function validateSetup(options: ValidateSetupOptions = {}): Promise<ValidationResult> {
  const environment = options.environment ?? process.env;
  const directory = options.directory ?? process.cwd();
  const asked = options.providers?.map(providerNamed);
  const runtime = checkRuntime(process.versions.node);
  let settings: Settings;
  try {
    settings = readSettings({}, { environment, directory });
  } catch (error) {
    if (!isGenOpsError(error)) throw error;
    return validationResult([runtime, configurationFailure(error)]);
  }
  const fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const timeoutMs = options.timeoutMs ?? 10_000;
  const live = livePricesOf(settings, createLiveLists({ fetch, timeoutMs }));
  // It is free to read; where it does not answer, what is known already holds.
  await Promise.all(live.map((prices) => prices.refresh()));
  const setup: Setup = {
    environment,
    directory,
    settings,
    policy: parsePolicy(settings.policy),
    pricing: createPricing({ overrides: settings.prices, live }),
    fetch,
    now: options.now ?? (() => new Date()),
    timeoutMs,
  };
  const targets = targetsOf(setup, asked, options.models ?? modelsIn(environment));
  const ofProviders = await Promise.all(targets.map((target) => checkProvider(setup, target, options.live)));
  return validationResult([
    runtime,
    checkConfiguration(environment, settings),
    ...(targets.length === 0 ? [noProvider()] : ofProviders.flat()),
    checkBudgets(setup),
    await checkLedger(setup),
    checkAttribution(setup),
    await checkTelemetry(setup),
    await checkInstrumentation(setup),
  ]);
}

async function checkProvider(
  setup: Setup,
  target: ProviderToCheck,
  live: ValidateSetupOptions['live'],
): Promise<readonly CheckResult[]> {
  const key = checkKey(target, providerTypes);
  // A key that cannot be right is not shown to anybody.
  const usable = key.status === 'failed' ? { ...target, apiKey: undefined } : target;
  const { result, offered } = await checkEndpoint(setup, usable);
  const results = [key, result, checkCatalogue(setup, target, offered)];
  return live === undefined ? results : [...results, await checkLive(setup, usable, live)];
}

function providerNamed(id: string): Provider {
  const provider = providerTypes.find((one) => one.id === id);
  if (provider === undefined) {
    const known = providerTypes.map((one) => one.id).join(', ');
    throw new ConfigurationError('provider', `expected one of ${known}; got "${id}"`);
  }
  return provider;
}

function noProvider(): CheckResult {
  const names = knownProviders.map(({ apiKeyEnv }) => apiKeyEnv).filter((name) => name !== '');
  const message = `None of ${[...new Set(names)].join(', ')} is set`;
  return checked('key', message, [finding('provider-missing', 'providers', message)]);
}

/** The providers that were asked for, or those that have a key, with the models that go to each. */
function targetsOf(
  setup: Setup,
  asked: readonly Provider[] | undefined,
  models: readonly string[],
): readonly ProviderToCheck[] {
  const { environment, settings } = setup;
  const keyVariable = ({ apiKeyEnv, setup: where }: Provider): string =>
    where?.apiKeyEnvAliases?.find((name) => environment[name]?.trim()) ?? apiKeyEnv;
  const keyOf = (provider: Provider): string | undefined =>
    environment[keyVariable(provider)]?.trim() || undefined;
  const addressOf = ({ id }: Provider): Provider | undefined =>
    // Of several addresses the one that was chosen comes last.
    settings.providers.findLast((one) => one.id === id);
  const chosen =
    asked ??
    providerTypes.filter((provider) => addressOf(provider) !== undefined && keyOf(provider) !== undefined);
  const placed = models.map((model) => placeModel(setup, model, chosen));
  return chosen.map((usual) => ({
    provider: addressOf(usual) ?? usual,
    hasAddress: addressOf(usual) !== undefined,
    apiKey: keyOf(usual),
    apiKeyEnv: keyVariable(usual),
    models: placed.filter(({ owners }) => owners.includes(usual)).map(({ model }) => model),
  }));
}

/**
 * Whose a model is. `openai/gpt-4o` is the model `gpt-4o` of OpenAI where OpenAI is checked; a name without an
 * owner is of everyone who has a price for it, and of everyone when nobody has.
 */
function placeModel(
  setup: Setup,
  name: string,
  providers: readonly Provider[],
): { readonly model: string; readonly owners: readonly Provider[] } {
  const slash = name.indexOf('/');
  const owner = providers.find(({ id }) => id === name.slice(0, Math.max(slash, 0)));
  if (owner !== undefined) return { model: name.slice(slash + 1), owners: [owner] };
  const knowing = providers.filter((provider) => boundOf(setup, provider, name).result === 'bounded');
  return { model: name, owners: knowing.length > 0 ? knowing : providers };
}

function modelsIn(environment: Environment): readonly string[] {
  const list = environment['GENOPS_MODELS'] ?? environment['SKYROUTER_PREFERRED_MODELS'] ?? '';
  return list
    .split(',')
    .map((model) => model.trim())
    .filter((model) => model !== '');
}
