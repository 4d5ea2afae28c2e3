import { type Attribution, attributionDimensions, ConfigurationError, checkAttribution } from '@genops/core';
import type { PolicyInput } from '@genops/policy';
import { type LiveList, liveLists } from '@genops/pricing';
import { type AliasGroup, aliasGroups } from '@genops/telemetry';

/** Variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment says; what it does not say is absent. */
export interface EnvironmentSettings {
  readonly attribution: Attribution;
  readonly limits: NonNullable<PolicyInput['limits']>;
  readonly onUnpriced?: 'block' | 'allow';
  readonly mode?: 'enforce' | 'observe';
  readonly onUnknownRoute?: 'refuse' | 'pass';
  /** `memory`, or the path of an SQLite ledger. */
  readonly ledger?: string;
  readonly configFile?: string;
  /** Whether each call is told of on standard error. */
  readonly debug?: boolean;
  /** Whose names metrics and attributes have beside our own. */
  readonly aliases?: boolean | readonly AliasGroup[];
  /** Whose own lists of prices are asked for while the program runs. */
  readonly livePrices?: readonly LiveList[];
}

const dimensionByVariable = new Map(
  attributionDimensions
    .filter((dimension) => dimension !== 'keyId')
    .map((dimension) => [
      `GENOPS_${dimension.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
      dimension,
    ]),
);

/** Where budgets stand, and the window of each. Of several names for one window the first that is set wins. */
const budgets = [
  { window: 'hour', id: 'hourly-budget', variables: ['GENOPS_HOURLY_BUDGET_LIMIT'] },
  {
    window: 'day',
    id: 'daily-budget',
    variables: ['GENOPS_DAILY_BUDGET_LIMIT', 'SKYROUTER_DAILY_BUDGET_LIMIT'],
  },
  { window: 'week', id: 'weekly-budget', variables: ['GENOPS_WEEKLY_BUDGET_LIMIT'] },
  { window: 'month', id: 'monthly-budget', variables: ['GENOPS_MONTHLY_BUDGET_LIMIT'] },
  { window: 'request', id: 'request-budget', variables: ['GENOPS_REQUEST_BUDGET_LIMIT'] },
] as const;

const tagPrefix = 'GENOPS_TAG_';

/** Every variable that is read here, and by the proxy and the command line; tags have names of their own. */
export const environmentVariables: readonly string[] = [
  ...dimensionByVariable.keys(),
  ...budgets.flatMap(({ variables }) => variables),
  'GENOPS_BUDGET_CURRENCY',
  'GENOPS_GOVERNANCE_POLICY',
  'GENOPS_MODE',
  'GENOPS_ON_UNKNOWN_ROUTE',
  'GENOPS_LEDGER',
  'GENOPS_DATA_DIR',
  'GENOPS_CONFIG',
  'GENOPS_DISABLED',
  'GENOPS_DEBUG',
  'GENOPS_TELEMETRY_ALIASES',
  'GENOPS_LIVE_PRICES',
  'GENOPS_TAGS',
  'GENOPS_MODELS',
];

/** `GENOPS_` variables that nobody reads: most often a slip of the pen. */
export function unknownVariables(environment: Environment): readonly string[] {
  return Object.keys(environment).filter(
    (name) =>
      name.startsWith('GENOPS_') && !name.startsWith(tagPrefix) && !environmentVariables.includes(name),
  );
}

/**
 * True when `GENOPS_DISABLED` says so.
 *
 * @throws {ConfigurationError} for a word that is neither yes nor no
 */
export function isDisabled(environment: Environment): boolean {
  return yesOrNo(environment, 'GENOPS_DISABLED') ?? false;
}

/**
 * Reads `GENOPS_*`.
 *
 * @throws {ConfigurationError} naming the variable, for a word that is none of its words
 */
export function readEnvironment(environment: Environment): EnvironmentSettings {
  const policy = oneOf(environment, 'GENOPS_GOVERNANCE_POLICY', ['advisory', 'enforced', 'strict']);
  const mode = oneOf(environment, 'GENOPS_MODE', ['enforce', 'observe']);
  const onUnknownRoute =
    oneOf(environment, 'GENOPS_ON_UNKNOWN_ROUTE', ['refuse', 'pass']) ??
    (policy === 'strict' ? 'refuse' : undefined);
  const ledger = textOf(environment, 'GENOPS_LEDGER') ?? ledgerIn(textOf(environment, 'GENOPS_DATA_DIR'));
  const configFile = textOf(environment, 'GENOPS_CONFIG');
  const debug = yesOrNo(environment, 'GENOPS_DEBUG');
  const aliases = aliasesIn(environment);
  const livePrices = livePricesIn(environment);
  return {
    attribution: attributionIn(environment),
    limits: limitsIn(environment, policy === 'advisory' ? 'advisory' : 'enforced'),
    ...(policy === 'strict' && { onUnpriced: 'block' as const }),
    ...(mode !== undefined && { mode }),
    ...(onUnknownRoute !== undefined && { onUnknownRoute }),
    ...(ledger !== undefined && { ledger }),
    ...(configFile !== undefined && { configFile }),
    ...(debug !== undefined && { debug }),
    ...(aliases !== undefined && { aliases }),
    ...(livePrices !== undefined && { livePrices }),
  };
}

function attributionIn(environment: Environment): Attribution {
  const found: Record<string, unknown> = {};
  for (const [variable, dimension] of dimensionByVariable) {
    const value = textOf(environment, variable);
    if (value !== undefined) found[dimension] = value;
  }
  const tags = { ...tagList(environment), ...tagVariables(environment) };
  if (Object.keys(tags).length > 0) found['tags'] = tags;
  return checkAttribution(found as Attribution);
}

/** `GENOPS_TAGS=plan=gold,region=eu`. */
function tagList(environment: Environment): Record<string, string> {
  const pairs = textOf(environment, 'GENOPS_TAGS')?.split(',') ?? [];
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 1) throw new ConfigurationError('GENOPS_TAGS', `expected name=value, got "${pair}"`);
      return [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
    }),
  );
}

/** `GENOPS_TAG_PLAN=gold` is the tag `plan`. */
function tagVariables(environment: Environment): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const name of Object.keys(environment)) {
    const value = name.startsWith(tagPrefix) ? textOf(environment, name) : undefined;
    if (value !== undefined) tags[name.slice(tagPrefix.length).toLowerCase()] = value;
  }
  return tags;
}

function limitsIn(environment: Environment, mode: 'advisory' | 'enforced'): EnvironmentSettings['limits'] {
  const currency = textOf(environment, 'GENOPS_BUDGET_CURRENCY');
  return budgets.flatMap(({ id, window, variables }) => {
    const variable = variables.find((name) => textOf(environment, name) !== undefined);
    if (variable === undefined) return [];
    const amount = textOf(environment, variable) as string;
    if (!/^(0|[1-9]\d{0,11})(\.\d{1,12})?$/.test(amount)) {
      throw new ConfigurationError(variable, `expected a plain decimal such as 25.00, got "${amount}"`);
    }
    return [{ id, amount, window, mode, thresholds: [80, 90, 100], ...(currency && { currency }) }];
  });
}

function ledgerIn(directory: string | undefined): string | undefined {
  return directory === undefined ? undefined : `${directory.replace(/\/+$/, '')}/ledger.db`;
}

function oneOf<Word extends string>(
  environment: Environment,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const value = textOf(environment, name);
  if (value === undefined) return undefined;
  const word = words.find((candidate) => candidate === value.toLowerCase());
  if (word === undefined)
    throw new ConfigurationError(name, `expected one of ${words.join(', ')}; got "${value}"`);
  return word;
}

/** `true`, or a list: `skyrouter,openrouter`. */
function aliasesIn(environment: Environment): boolean | readonly AliasGroup[] | undefined {
  const name = 'GENOPS_TELEMETRY_ALIASES';
  const words = textOf(environment, name)?.toLowerCase().split(',') ?? [];
  if (words.length === 0) return undefined;
  if (words.length === 1 && ['1', 'true', '0', 'false'].includes(words[0] ?? ''))
    return yesOrNo(environment, name);
  return words.map((word) => {
    const group = aliasGroups.find((candidate) => candidate === word.trim());
    if (group !== undefined) return group;
    throw new ConfigurationError(name, `expected true, or some of ${aliasGroups.join(', ')}; got "${word}"`);
  });
}

/** `openrouter`, or a list. */
function livePricesIn(environment: Environment): readonly LiveList[] | undefined {
  const name = 'GENOPS_LIVE_PRICES';
  return textOf(environment, name)
    ?.toLowerCase()
    .split(',')
    .map((word) => {
      const list = liveLists.find((candidate) => candidate === word.trim());
      if (list !== undefined) return list;
      throw new ConfigurationError(name, `expected some of ${liveLists.join(', ')}; got "${word}"`);
    });
}

function yesOrNo(environment: Environment, name: string): boolean | undefined {
  const word = oneOf(environment, name, ['1', 'true', '0', 'false']);
  return word === undefined ? undefined : word === '1' || word === 'true';
}

/** A variable that is set to nothing is not set. */
function textOf(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === '' ? undefined : value;
}
