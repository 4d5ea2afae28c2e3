import { ConfigurationError, type Limit, type Verdict } from '@genops/core';
import { z } from 'zod';
import { dimensionProblem } from './dimensions.ts';

/** What people write to say what is allowed: limits and rules. */
export interface Policy {
  readonly limits: readonly Limit[];
  readonly rules: readonly Rule[];
  /**
   * What happens to a call whose price is not known while an enforced money limit applies to it. Without
   * such a limit the call is served and recorded as unpriced either way.
   */
  readonly onUnpriced: 'block' | 'allow';
}

/** A condition on a call and what follows from it. Denials win over warnings. */
export interface Rule {
  readonly id: string;
  /** Every dimension must have one of these values; `*` stands for any run of characters. */
  readonly when?: Readonly<Record<string, readonly string[]>>;
  /** No dimension may have one of these values. */
  readonly unless?: Readonly<Record<string, readonly string[]>>;
  readonly effect: 'deny' | 'warn';
  readonly mode: 'enforced' | 'shadow';
  readonly reasonCode: 'POLICY_DENY_MODEL' | 'POLICY_DENY_REGION' | 'POLICY_DENY_CONTENT' | `x_${string}`;
  readonly message?: string;
}

/** What a rule's effect amounts to in the words of a decision. */
export const verdictOf: Readonly<Record<Rule['effect'], Verdict>> = { deny: 'blocked', warn: 'warning' };

const decimal = z
  .union([z.string(), z.number().transform(String)])
  .refine((text) => /^(0|[1-9]\d{0,11})(\.\d{1,12})?$/.test(text), {
    error: 'expected a plain decimal such as "250.00", at most 12 digits after the point',
  });
const positiveDecimal = decimal.refine((text) => /[1-9]/.test(text), { error: 'expected more than zero' });
const id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'expected letters, digits, dots, dashes');
const instant = z.iso.datetime({ offset: true });
const values = z.union([
  z
    .string()
    .min(1)
    .transform((value) => [value]),
  z.array(z.string().min(1)).min(1),
]);
const dimensions = z.record(z.string().min(1), values).superRefine((record, context) => {
  for (const name of Object.keys(record)) refuseUnknown(name, [name], context);
});
const dimension = z
  .string()
  .min(1)
  .superRefine((name, context) => refuseUnknown(name, [], context));
const seconds = z.int().positive();

const timeZone = z
  .string()
  .refine(isTimeZone, { error: 'expected an IANA time zone such as "Europe/Berlin"' });

const windowSchema = z.union([
  z.enum(['hour', 'day', 'week', 'month', 'quarter', 'year']).transform((period) => ({
    kind: 'calendar' as const,
    period,
  })),
  z.enum(['request', 'session', 'lifetime']).transform((kind) => ({ kind })),
  z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('calendar'),
      period: z.enum(['hour', 'day', 'week', 'month', 'quarter', 'year']),
      timeZone: timeZone.optional(),
      fiscalYearStartMonth: z.int().min(1).max(12).optional(),
    }),
    z.strictObject({ kind: z.literal('rolling'), seconds }),
    z.strictObject({ kind: z.literal('fixed'), seconds, anchor: instant.optional() }),
    z.strictObject({ kind: z.literal('rate'), seconds, burst: positiveDecimal.optional() }),
    z.strictObject({ kind: z.literal('request') }),
    z.strictObject({ kind: z.literal('session') }),
    z.strictObject({ kind: z.literal('lifetime') }),
  ]),
]);

/** One limit as people write it: `window: month` is short for the calendar month in UTC. */
export const limitSchema = z
  .strictObject({
    id,
    unit: z.enum(['money', 'tokens', 'requests', 'concurrency']).default('money'),
    amount: decimal,
    currency: z.string().min(3).max(32).optional(),
    window: windowSchema,
    scope: z
      .strictObject({ match: dimensions.optional(), per: z.array(dimension).min(1).optional() })
      .default({}),
    mode: z.enum(['enforced', 'advisory', 'shadow']).default('enforced'),
    onExceeded: z.enum(['refuse', 'clamp', 'downgrade', 'elastic']).optional(),
    overdraft: positiveDecimal.optional(),
    downgradeTo: z.string().min(1).optional(),
    rollOverUpTo: positiveDecimal.optional(),
    increases: z.array(z.strictObject({ amount: positiveDecimal, from: instant, until: instant })).optional(),
    thresholds: z.array(z.number().positive().max(1000)).optional(),
  })
  .superRefine((limit, context) => {
    const issue = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (limit.unit !== 'money' && limit.amount.includes('.')) issue('amount', 'expected a whole number');
    if (limit.unit !== 'money' && limit.currency !== undefined) issue('currency', 'only money has one');
    if ((limit.onExceeded === 'elastic') !== (limit.overdraft !== undefined)) {
      issue('overdraft', 'goes with onExceeded: elastic, and only with it');
    }
    if ((limit.onExceeded === 'downgrade') !== (limit.downgradeTo !== undefined)) {
      issue('downgradeTo', 'goes with onExceeded: downgrade, and only with it');
    }
    if (limit.unit === 'concurrency' && limit.window.kind !== 'lifetime') {
      issue('window', 'a limit on concurrent calls has the window "lifetime"');
    }
  });

/** One rule as people write it. */
export const ruleSchema = z.strictObject({
  id,
  when: dimensions.optional(),
  unless: dimensions.optional(),
  effect: z.enum(['deny', 'warn']),
  mode: z.enum(['enforced', 'shadow']).default('enforced'),
  reasonCode: z
    .union([
      z.enum(['POLICY_DENY_MODEL', 'POLICY_DENY_REGION', 'POLICY_DENY_CONTENT']),
      z.templateLiteral(['x_', z.string().regex(/^[a-z0-9_]+$/)]),
    ])
    .default('POLICY_DENY_MODEL'),
  message: z.string().min(1).max(500).optional(),
});

/** A whole policy as people write it. Unknown keys are refused. */
export const policySchema = z
  .strictObject({
    limits: z.array(limitSchema).default([]),
    rules: z.array(ruleSchema).default([]),
    onUnpriced: z.enum(['block', 'allow']).default('block'),
  })
  .superRefine((policy, context) => {
    for (const list of ['limits', 'rules'] as const) {
      const seen = new Set<string>();
      policy[list].forEach(({ id: own }, index) => {
        if (seen.has(own)) {
          context.addIssue({ code: 'custom', path: [list, index, 'id'], message: `"${own}" is used twice` });
        }
        seen.add(own);
      });
    }
  });

/** A policy before it is read. */
export type PolicyInput = z.input<typeof policySchema>;

/**
 * Reads a policy that people wrote.
 *
 * @throws {ConfigurationError} with the path of the first thing that is wrong, and what was expected there
 */
export function parsePolicy(input: unknown): Policy {
  const parsed = policySchema.safeParse(input);
  if (parsed.success) return withoutUndefined(parsed.data) as Policy;
  const first = parsed.error.issues[0];
  const path = first === undefined || first.path.length === 0 ? 'policy' : z.core.toDotPath(first.path);
  throw new ConfigurationError(path, first?.message ?? 'expected a policy', { cause: parsed.error });
}

function refuseUnknown(name: string, path: string[], context: z.core.$RefinementCtx): void {
  const message = dimensionProblem(name);
  if (message !== undefined) context.addIssue({ code: 'custom', path, message });
}

/** What zod leaves as `undefined` is absent in our types. */
function withoutUndefined(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
