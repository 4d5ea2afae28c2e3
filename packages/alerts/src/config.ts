import { ConfigurationError } from '@genops/core';
import { z } from 'zod';
import type { Channel } from './channels/channel.ts';
import { createDiscordChannel } from './channels/discord.ts';
import { createPagerDutyChannel } from './channels/pagerduty.ts';
import { createSlackChannel } from './channels/slack.ts';
import { createTeamsChannel } from './channels/teams.ts';
import { createWebhookChannel } from './channels/webhook.ts';
import { alertPresets } from './rules/presets.ts';
import { type AlertRule, alertRuleSchema, defineAlertRules } from './rules/schema.ts';

const id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'expected letters, digits, dots and dashes, at most 64');
const text = z.string().min(1).max(256);
const secret = z
  .string()
  .regex(
    /^env:[A-Za-z_][A-Za-z0-9_]*$/,
    'expected a reference such as env:SLACK_URL; secrets do not belong in this file',
  );

const common = {
  id,
  minimumSeverity: z.enum(['info', 'warning', 'critical']).optional(),
};

const channelSchema = z
  .discriminatedUnion('type', [
    z.strictObject({
      ...common,
      type: z.literal('webhook'),
      url: z.union([secret, z.url({ protocol: /^https?$/ })]),
      secret: secret.meta({ description: 'What messages are signed with, as whsec_ and base64: env:NAME.' }),
    }),
    z.strictObject({ ...common, type: z.enum(['slack', 'teams', 'discord']), url: secret }),
    z.strictObject({
      ...common,
      type: z.literal('pagerduty'),
      routingKey: secret,
      url: z.url({ protocol: /^https?$/ }).optional(),
    }),
    z.strictObject({
      ...common,
      type: z.literal('email'),
      host: text,
      port: z.int().min(1).max(65_535).optional(),
      tls: z.enum(['implicit', 'starttls', 'none']).optional(),
      username: text.optional(),
      password: secret.optional(),
      from: text,
      to: z.array(text).min(1).max(50),
    }),
  ])
  .meta({ description: 'Somewhere that people are told.' });

/** Alerts as they are written in `genops.yaml`. Unknown keys are refused; secrets are named, never written. */
export const alertsConfigSchema = z
  .strictObject({
    channels: z.array(channelSchema).min(1),
    presets: z
      .array(z.enum(Object.keys(alertPresets) as [keyof typeof alertPresets]))
      .default([])
      .meta({
        description: 'Rules that are used as they are; a rule below with the same id takes the place of one.',
      }),
    rules: z.array(alertRuleSchema).default([]),
    allowAddresses: z
      .array(text)
      .default([])
      .meta({ description: 'Host names, addresses and ranges of your own that messages may be sent to.' }),
    source: text.optional().meta({ description: 'Who says it, in every message. Default: genops.' }),
    maxAttempts: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .meta({ description: 'Tries before a message is given up.' }),
  })
  .superRefine((config, context) => {
    try {
      const rules = alertRulesOf(config);
      const channels = config.channels.map((channel) => channel.id);
      for (const [index, channel] of channels.entries()) {
        if (channels.indexOf(channel) < index)
          context.addIssue({
            code: 'custom',
            path: ['channels', index, 'id'],
            message: `"${channel}" is used twice`,
          });
      }
      for (const { id: rule, channels: named = [] } of rules) {
        const unknown = named.find((one) => !channels.includes(one));
        if (unknown !== undefined)
          context.addIssue({
            code: 'custom',
            path: ['rules'],
            message: `"${rule}" names the channel "${unknown}", which is not there`,
          });
      }
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      context.addIssue({ code: 'custom', path: ['rules'], message: error.message });
    }
  });

export type AlertsConfig = z.output<typeof alertsConfigSchema>;

/**
 * Checks the `alerts` section of a configuration.
 *
 * @throws {ConfigurationError} with the path that is wrong and what was expected
 */
export function parseAlertsConfig(section: unknown): AlertsConfig {
  const parsed = alertsConfigSchema.safeParse(section);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = z.core.toDotPath(['alerts', ...(issue?.path ?? [])]);
  throw new ConfigurationError(path, issue?.message ?? 'expected alerts', { cause: parsed.error });
}

/** Where `env:` references are looked up. */
export type AlertsEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * The rules of a configuration: its own, and those of its presets that it does not replace.
 *
 * @throws {ConfigurationError} when two have one id
 */
export function alertRulesOf({
  presets,
  rules,
}: Pick<AlertsConfig, 'presets' | 'rules'>): readonly AlertRule[] {
  const own = new Set(rules.map((rule) => rule.id));
  const others = presets.flatMap((name) => alertPresets[name]).filter((rule) => !own.has(rule.id));
  const first = new Map(others.toReversed().map((rule) => [rule.id, rule]));
  return defineAlertRules([...rules, ...[...first.values()].toReversed()]);
}

/**
 * The channels of a configuration.
 *
 * @throws {ConfigurationError} when a variable is not set or not as it must be, or `nodemailer` is missing for e-mail
 */
export async function alertChannelsOf(
  config: AlertsConfig,
  environment: AlertsEnvironment,
): Promise<readonly Channel[]> {
  return Promise.all(
    config.channels.map((channel) => channelOf(channel, config.allowAddresses, environment)),
  );
}

async function channelOf(
  channel: z.output<typeof channelSchema>,
  allowAddresses: readonly string[],
  environment: AlertsEnvironment,
): Promise<Channel> {
  const { id: name, minimumSeverity } = channel;
  const common = { id: name, allowAddresses, ...(minimumSeverity !== undefined && { minimumSeverity }) };
  const resolve = (member: string, value: string): string =>
    value.startsWith('env:') ? resolved(environment, `alerts channel "${name}": ${member}`, value) : value;
  switch (channel.type) {
    case 'webhook':
      return createWebhookChannel({
        ...common,
        url: resolve('url', channel.url),
        secret: resolve('secret', channel.secret),
      });
    case 'slack':
      return createSlackChannel({ ...common, url: resolve('url', channel.url) });
    case 'teams':
      return createTeamsChannel({ ...common, url: resolve('url', channel.url) });
    case 'discord':
      return createDiscordChannel({ ...common, url: resolve('url', channel.url) });
    case 'pagerduty':
      return createPagerDutyChannel({
        ...common,
        routingKey: resolve('routingKey', channel.routingKey),
        ...(channel.url !== undefined && { url: channel.url }),
      });
    case 'email': {
      const { host, port, tls, username, password, from, to } = channel;
      const { createEmailChannel } = await emailChannels(name);
      return createEmailChannel({
        ...common,
        host,
        from,
        to,
        ...(port !== undefined && { port }),
        ...(tls !== undefined && { tls }),
        ...(username !== undefined && { username }),
        ...(password !== undefined && { password: resolve('password', password) }),
      });
    }
  }
}

/** Only who sends e-mail needs `nodemailer`. */
async function emailChannels(name: string): Promise<typeof import('./channels/email.ts')> {
  try {
    return await import('./channels/email.ts');
  } catch (cause) {
    throw new ConfigurationError(`alerts channel "${name}"`, 'e-mail needs the package nodemailer', {
      cause,
    });
  }
}

function resolved(environment: AlertsEnvironment, path: string, reference: string): string {
  const name = reference.slice('env:'.length);
  const found = environment[name];
  if (found === undefined || found === '')
    throw new ConfigurationError(path, `the environment variable ${name} is not set`);
  return found;
}
