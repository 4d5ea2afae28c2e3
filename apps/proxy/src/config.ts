import { anthropic } from '@genops/anthropic';
import { createAzureOpenAI } from '@genops/azure-openai';
import { bedrock } from '@genops/bedrock';
import { ConfigurationError, type Provider } from '@genops/core';
import { google, vertex } from '@genops/google';
import { helicone } from '@genops/helicone';
import { openai } from '@genops/openai';
import {
  cerebras,
  cohere,
  deepseek,
  fireworks,
  groq,
  mistral,
  ollama,
  openaiCompatible,
  perplexity,
  together,
  vllm,
  xai,
} from '@genops/openai-compatible';
import { openrouter } from '@genops/openrouter';
import { attributionSchema, limitSchema, type PolicyInput, ruleSchema } from '@genops/policy';
import { liveLists } from '@genops/pricing';
import { createSkyRouter } from '@genops/skyrouter';
import { telemetrySchema } from '@genops/telemetry/config';
import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { alertsSchema } from './alerts-schema.ts';
import { awsCredentialsSchema, awsIssues } from './aws-credentials-schema.ts';
import { accountsSchema, keysSchema } from './keys-schema.ts';
import { ledgerSchema } from './ledger-schema.ts';
import { adminSchema } from './management/schema.ts';
import { type RoutingConfig, routingSchema } from './routing-schema.ts';
import { id, reference, text } from './words-schema.ts';

/** Provider records that a configuration can name as `type`. */
export const providerTypes = {
  openai,
  anthropic,
  openrouter,
  groq,
  mistral,
  deepseek,
  xai,
  // Its name in prices and reports, which the command line writes.
  'x-ai': xai,
  together,
  fireworks,
  perplexity,
  cerebras,
  cohere,
  ollama,
  vllm,
  google,
  'google-vertex': vertex,
  azure: createAzureOpenAI({ endpoint: 'https://azure.invalid' }),
  'aws-bedrock': bedrock,
  helicone,
  skyrouter: createSkyRouter({ baseUrl: 'https://skyrouter.invalid/v1' }),
  'openai-compatible': openaiCompatible({
    id: 'openai-compatible',
    baseUrl: 'https://compatible.invalid/v1',
  }),
} as const satisfies Record<string, Provider>;

/** Those that everyone has at another address. */
const atOwnAddress: ReadonlySet<string> = new Set(['azure', 'skyrouter', 'openai-compatible']);

const models = z
  .array(text)
  .min(1)
  .optional()
  .meta({ description: 'Models that go to it; * stands for any run of characters. Default: every model.' });

const providerSchema = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z
        .enum(Object.keys(providerTypes) as [keyof typeof providerTypes, ...(keyof typeof providerTypes)[]])
        .meta({ description: 'How it speaks.' }),
      id: id.optional().meta({ description: 'Its name in prices, reports and limits. Default: its type.' }),
      baseUrl: z
        .url({ protocol: /^https?$/ })
        .optional()
        .meta({ description: 'Where it is, when not at its usual address.' }),
      apiKey: reference.optional().meta({
        description: 'Where its key is: env:NAME. Default: the variable that its own clients read.',
      }),
      credentials: awsCredentialsSchema.optional(),
      keys: keysSchema.optional(),
      accounts: accountsSchema.optional(),
      models,
      location: text.optional().meta({
        description:
          'Where Vertex AI or Bedrock is asked, when not at its usual place: europe-west4, eu-west-1.',
      }),
      project: z
        .string()
        .regex(/^[a-z][a-z0-9:.-]{4,62}$/, 'expected the id of a project such as acme-ml')
        .optional()
        .meta({
          description: 'Of Vertex AI: whose calls these are that were addressed to another provider.',
        }),
      deployments: z
        .record(text, text)
        .optional()
        .meta({ description: 'Which model each deployment of Azure OpenAI is.' }),
      account: z.enum(['apart', 'shared']).default('apart').meta({
        description:
          'shared lets every virtual key reach what the account keeps: files, batches, earlier answers, spending.',
      }),
    }),
    z
      .strictObject({ type: z.literal('simulated') })
      .meta({ description: 'A provider inside the proxy, to try things without a key or a network.' }),
  ])
  .meta({ description: 'A provider that calls go to.' });

const virtualKeySchema = z
  .strictObject({
    id,
    secret: reference.optional().meta({ description: 'Where the key that callers present is: env:NAME.' }),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits')
      .optional()
      .meta({ description: 'Instead of secret: the SHA-256 of the key that callers present.' }),
    attribution: attributionSchema
      .default({})
      .meta({ description: 'Whom the calls of this key are for. Callers cannot change what stands here.' }),
  })
  .refine((key) => (key.secret === undefined) !== (key.sha256 === undefined), {
    error: 'expected either secret or sha256',
  })
  .meta({ description: 'A key that callers present instead of a provider’s.' });

/** A provider as a configuration names it. */
export type ConfiguredEntry = z.output<typeof providerSchema>;

/** A provider's name in prices, reports and limits. */
export function providerId(entry: ConfiguredEntry): string {
  return entry.type === 'simulated' ? entry.type : (entry.id ?? providerTypes[entry.type].id);
}

interface Named {
  readonly path: readonly (string | number)[];
  readonly provider: string;
}

/** Every place in the routing where a provider's id stands. */
function providersNamed({ constraints, routes }: RoutingConfig): readonly Named[] {
  const listed = (own: typeof constraints, at: readonly (string | number)[]): Named[] =>
    (['allowedProviders', 'blockedProviders'] as const).flatMap((list) =>
      (own?.[list] ?? []).map((provider, index) => ({
        path: [...at, 'constraints', list, index],
        provider,
      })),
    );
  return [
    ...listed(constraints, ['routing']),
    ...routes.flatMap(({ targets, mirror, constraints: own }, route) => {
      const at = ['routing', 'routes', route];
      return [
        ...targets.map(({ provider }, index) => ({
          path: [...at, 'targets', index, 'provider'],
          provider,
        })),
        ...(mirror === undefined
          ? []
          : [{ path: [...at, 'mirror', 'target', 'provider'], provider: mirror.target.provider }]),
        ...listed(own, at),
      ];
    }),
  ];
}

/** `genops.yaml`, as people write it. Unknown keys are refused. */
export const configSchema = z
  .strictObject({
    server: z
      .strictObject({
        host: text.default('127.0.0.1'),
        port: z.int().min(0).max(65535).default(8787),
        maxRequestBytes: z
          .int()
          .positive()
          .default(32 * 1024 * 1024),
        timeoutMs: z.int().positive().default(600_000),
        idleTimeoutMs: z.int().positive().default(120_000),
        holdGraceMs: z.int().nonnegative().default(60_000),
        drainDelayMs: z.int().nonnegative().default(0).meta({
          description: 'On its way out: how long it still takes calls while it says that it is not ready.',
        }),
        shutdownGraceMs: z.int().nonnegative().default(30_000).meta({
          description: 'After that: how long calls under way may take; streams then end with an error.',
        }),
      })
      .prefault({}),
    ledger: ledgerSchema.prefault({ driver: 'sqlite' }),
    mode: z.enum(['enforce', 'observe']).default('enforce'),
    attribution: attributionSchema
      .default({})
      .meta({ description: 'What every call says unless it says otherwise.' }),
    providers: z.array(providerSchema).min(1),
    routing: routingSchema.prefault({}),
    virtualKeys: z.array(virtualKeySchema).min(1),
    admin: adminSchema.optional(),
    limits: z.array(limitSchema).default([]),
    rules: z.array(ruleSchema).default([]),
    onUnpriced: z.enum(['block', 'allow']).default('block'),
    telemetry: telemetrySchema.prefault({}),
    debug: z
      .boolean()
      .default(false)
      .meta({ description: 'One line for each call to standard error, as GENOPS_DEBUG=1 does.' }),
    prices: z
      .array(text)
      .default([])
      .meta({ description: 'Files with prices of your own, beside this file.' }),
    livePrices: z.array(z.enum(liveLists)).default([]).meta({
      description: 'Whose own list of prices is asked for every hour, between your own prices and ours.',
    }),
    alerts: alertsSchema.optional(),
  })
  .superRefine((config, context) => {
    const issue = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    config.providers.forEach((one, index) => {
      if (one.type === 'simulated') return;
      const ways = (['apiKey', 'credentials', 'keys'] as const).filter((way) => one[way] !== undefined);
      if (ways.length > 1)
        issue(['providers', index, ways[0] as string], `expected either ${ways.join(' or ')}`);
      for (const [path, message] of awsIssues(one)) issue(['providers', index, ...path], message);
      const accounts = new Set(one.keys?.map(({ account }) => account));
      for (const account of Object.keys(one.accounts ?? {})) {
        if (!accounts.has(account))
          issue(['providers', index, 'accounts', account], 'no key is of this account');
      }
      if (atOwnAddress.has(one.type) && one.baseUrl === undefined)
        issue(
          ['providers', index, 'baseUrl'],
          `expected the address of your own: ${one.type} has no usual one`,
        );
      if (one.type === 'openai-compatible' && one.id === undefined)
        issue(['providers', index, 'id'], 'expected a name of your own: its prices are looked up by it');
      if (one.project !== undefined && one.type !== 'google-vertex')
        issue(['providers', index, 'project'], 'only google-vertex has a project');
      if (one.deployments !== undefined && one.type !== 'azure')
        issue(['providers', index, 'deployments'], 'only azure has deployments');
    });
    for (const [index, name] of config.livePrices.entries()) {
      if (!config.providers.some(({ type }) => type === name))
        issue(['livePrices', index], `expected a provider of the type "${name}" beside it`);
    }
    const known = config.providers.map(providerId);
    for (const { path, provider } of providersNamed(config.routing)) {
      if (!known.includes(provider))
        issue([...path], `expected one of ${known.join(', ')}, got "${provider}"`);
    }
    const ids = {
      providers: config.providers.map(providerId),
      virtualKeys: config.virtualKeys.map((one) => one.id),
    };
    for (const [list, names] of Object.entries(ids)) {
      names.forEach((name, index) => {
        if (names.indexOf(name) < index) {
          context.addIssue({ code: 'custom', path: [list, index, 'id'], message: `"${name}" is used twice` });
        }
      });
    }
  })
  .meta({ title: 'GenOps proxy', description: 'Configuration of the GenOps proxy (genops.yaml).' });

/** Variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A configuration that was checked. */
export type Config = z.output<typeof configSchema>;

/**
 * Reads a configuration file's text.
 *
 * @throws {ConfigurationError} with every path that is wrong, what stands there and what was expected
 */
export function parseConfig(yaml: string): Config {
  let document: unknown;
  try {
    document = parse(yaml, { maxAliasCount: 50 });
  } catch (error) {
    const where = error instanceof YAMLParseError ? `line ${error.linePos?.[0].line ?? '?'}` : 'the file';
    throw new ConfigurationError(
      where,
      error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error),
      {
        cause: error,
      },
    );
  }
  return checkConfig(document);
}

/** @throws {ConfigurationError} as {@link parseConfig} */
export function checkConfig(document: unknown): Config {
  const parsed = configSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const [first, ...others] = parsed.error.issues.map(
    ({ path, message }) => [path.length === 0 ? 'genops.yaml' : z.core.toDotPath(path), message] as const,
  );
  const [path, message] = first ?? ['genops.yaml', 'expected a configuration'];
  const expectation = [message, ...others.map((other) => `\n${other[0]}: ${other[1]}`)].join('');
  throw new ConfigurationError(path, expectation, { cause: parsed.error });
}

/** The policy part of a configuration, for the governor to read. */
export function policyOf(config: Config): PolicyInput {
  return { limits: config.limits, rules: config.rules, onUnpriced: config.onUnpriced } as PolicyInput;
}

/** The JSON Schema of `genops.yaml`, for editors. */
export function configJsonSchema(): object {
  return z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
}

/**
 * Looks up an `env:NAME` reference.
 *
 * @throws {ConfigurationError} when the variable is not set; its value is never shown
 */
export function resolveReference(environment: Environment, path: string, value: string): string {
  const name = value.slice('env:'.length);
  const found = environment[name];
  if (found === undefined || found === '')
    throw new ConfigurationError(path, `the environment variable ${name} is not set`);
  return found;
}
