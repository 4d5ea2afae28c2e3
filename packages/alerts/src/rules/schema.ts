import { ConfigurationError } from '@genops/core';
import { z } from 'zod';

const id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'expected letters, digits, dots and dashes, at most 64');
const text = z.string().min(1).max(256);
const decimal = z
  .union([z.string(), z.number().transform(String)])
  .refine((value) => /^(0|[1-9]\d{0,11})(\.\d{1,12})?$/.test(value), {
    error: 'expected a plain decimal such as "250.00", at most 12 digits after the point',
  });
const positiveDecimal = decimal.refine((value) => /[1-9]/.test(value), { error: 'expected more than zero' });
const values = z.union([text.transform((value) => [value]), z.array(text).min(1)]);
const share = z.number().min(0).max(1);

/** The longest time that rules look back over: a week. */
export const longestWindowSeconds = 604_800;
const seconds = z.int().positive().max(longestWindowSeconds);
const wait = z.int().nonnegative().max(longestWindowSeconds);

/** What can be counted of calls. */
const counted = z.enum([
  'calls',
  'attempts',
  'failures',
  'refusals',
  'violations',
  'unpriced',
  'unmetered',
  'retries',
  'failovers',
  'tokens',
]);

const common = {
  id,
  severity: z.enum(['info', 'warning', 'critical']).default('warning'),
  description: z
    .string()
    .min(1)
    .max(1024)
    .optional()
    .meta({ description: 'What to do about it, for people.' }),
  channels: z.array(id).min(1).optional().meta({ description: 'Whom to tell. Default: every channel.' }),
  groupBy: z
    .array(text)
    .optional()
    .meta({ description: 'One message for all that agree in these labels. Default: one for the rule.' }),
  groupWaitSeconds: wait.default(10).meta({ description: 'How long to gather before the first message.' }),
  sendResolved: z.boolean().default(true).meta({ description: 'Tell when it is over.' }),
};

/** What rules share that are judged again and again. */
const judged = {
  ...common,
  forSeconds: wait.default(0).meta({ description: 'How long it must hold before anyone is told.' }),
  coolDownSeconds: wait
    .default(300)
    .meta({ description: 'After it is over: how long it cannot begin anew.' }),
  repeatSeconds: seconds
    .optional()
    .meta({ description: 'While it lasts: tell again after this long. Default: 4 hours.' }),
};

/** What rules share that count calls. */
const counting = {
  ...judged,
  where: z
    .record(text, values)
    .optional()
    .meta({ description: 'Only calls of which each dimension has one of these values.' }),
  per: z
    .array(text)
    .min(1)
    .max(4)
    .optional()
    .meta({ description: 'Judged for each value of these dimensions by itself: team, customerId, model …' }),
};

const minimumCalls = z.int().positive().default(10).meta({ description: 'Fewer say nothing.' });
const currency = text.default('USD');
const limits = z
  .array(text)
  .min(1)
  .optional()
  .meta({ description: 'Limits by id; * stands for any run of characters. Default: all.' });

/** When people are told, as it is written. */
export const alertRuleSchema = z.discriminatedUnion('kind', [
  z
    .strictObject({
      ...common,
      kind: z.literal('threshold'),
      at: z
        .array(z.number().positive().max(1000))
        .min(1)
        .default([50, 80, 90, 95, 100])
        .meta({ description: 'Percentages of a limit.' }),
      limits,
    })
    .meta({ description: 'So much of a limit is used: told once for each limit, percentage and window.' }),
  z
    .strictObject({ ...judged, kind: z.literal('remaining'), below: positiveDecimal, limits })
    .meta({ description: 'Less than this is left of a limit, in its own unit.' }),
  z
    .strictObject({
      ...counting,
      kind: z.literal('cost'),
      above: decimal,
      currency,
      windowSeconds: seconds.default(3600),
    })
    .meta({ description: 'More than this was spent within the window.' }),
  z
    .strictObject({
      ...counting,
      kind: z.literal('spike'),
      of: z.enum(['cost', 'calls', 'tokens']).default('cost'),
      factor: positiveDecimal,
      windowSeconds: seconds.default(300),
      baselineSeconds: seconds.default(3600),
      minimum: decimal
        .default('0')
        .meta({ description: 'Less than this within the window is no spike, whatever was before.' }),
      currency,
    })
    .meta({ description: 'The rate of the last window is more than factor times that of the baseline.' }),
  z
    .strictObject({
      ...counting,
      kind: z.literal('count'),
      of: counted,
      above: z.number().nonnegative(),
      windowSeconds: seconds.default(60),
      reasons: z.array(text).min(1).optional(),
    })
    .meta({ description: 'More than this many within the window.' }),
  z
    .strictObject({
      ...counting,
      kind: z.literal('share'),
      of: z.enum(['failures', 'refusals', 'violations', 'unpriced', 'unmetered', 'failovers']),
      above: share,
      windowSeconds: seconds.default(300),
      minimumCalls,
    })
    .meta({ description: 'More than this share of calls (of attempts, for failures) within the window.' }),
  z
    .strictObject({
      ...counting,
      kind: z.literal('latency'),
      percentile: z.number().gt(0).lte(100).default(95),
      aboveMs: z.number().positive(),
      windowSeconds: seconds.default(300),
      minimumCalls,
    })
    .meta({ description: 'Calls that completed took longer than this at the percentile.' }),
  z
    .strictObject({
      ...counting,
      kind: z.literal('efficiency'),
      below: share.default(0.7),
      windowSeconds: seconds.default(3600),
      minimumCalls,
    })
    .meta({
      description:
        'Mean route efficiency: cost of the cheapest place that could serve, by that of the one chosen.',
    }),
  z
    .strictObject({
      ...counting,
      kind: z.literal('tokens-per-cost'),
      below: positiveDecimal,
      currency,
      windowSeconds: seconds.default(3600),
      minimumCalls,
    })
    .meta({ description: 'Fewer tokens than this for one unit of the currency.' }),
  z
    .strictObject({
      ...judged,
      where: counting.where,
      kind: z.literal('silence'),
      windowSeconds: seconds.default(300),
    })
    .meta({ description: 'No call for this long.' }),
  z
    .strictObject({
      ...judged,
      kind: z.literal('outage'),
      of: z
        .array(z.enum(['provider', 'target', 'key']))
        .min(1)
        .default(['provider', 'target', 'key']),
      states: z
        .array(z.enum(['open', 'invalid', 'exhausted', 'throttled', 'disabled']))
        .min(1)
        .default(['open', 'invalid', 'exhausted'])
        .meta({ description: 'Of a breaker: open. Of a key: invalid, exhausted, throttled, disabled.' }),
    })
    .meta({ description: 'A place or a key gets no traffic because it fails.' }),
  z
    .strictObject({
      ...judged,
      kind: z.literal('quota'),
      withinHours: z.number().positive().default(4),
      confidence: share.default(0.5).meta({ description: 'Forecasts less sure than this say nothing.' }),
    })
    .meta({ description: 'A key’s quota will be used up before it is renewed.' }),
]);

/** When people are told, checked and with every default in its place. */
export type AlertRule = z.output<typeof alertRuleSchema>;
/** The same, as it may be written. */
export type AlertRuleInput = z.input<typeof alertRuleSchema>;
export type Severity = AlertRule['severity'];
export type Counted = z.output<typeof counted>;

/**
 * Checks a rule.
 *
 * @throws {ConfigurationError} with the path that is wrong and what was expected
 */
export function defineAlertRule(rule: AlertRuleInput): AlertRule {
  const parsed = alertRuleSchema.safeParse(rule);
  if (parsed.success) return withinBaseline(parsed.data);
  const [issue] = parsed.error.issues;
  const path = ['rule', ...(issue?.path ?? [])].join('.');
  throw new ConfigurationError(path, issue?.message ?? 'expected an alert rule', { cause: parsed.error });
}

/** A rate over an hour cannot stand out against five minutes. */
function withinBaseline(rule: AlertRule): AlertRule {
  if (rule.kind === 'spike' && rule.windowSeconds >= rule.baselineSeconds)
    throw new ConfigurationError(
      'rule.baselineSeconds',
      `expected more than windowSeconds (${rule.windowSeconds})`,
    );
  return rule;
}

/** @throws {ConfigurationError} when two rules have one id */
export function defineAlertRules(rules: readonly AlertRuleInput[]): readonly AlertRule[] {
  const defined = rules.map(defineAlertRule);
  const ids = defined.map((rule) => rule.id);
  const twice = ids.find((one, index) => ids.indexOf(one) < index);
  if (twice !== undefined) throw new ConfigurationError('rules', `"${twice}" is used twice`);
  return defined;
}
