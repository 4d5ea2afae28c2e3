import { parseStrategyName } from '@genops/router';
import { z } from 'zod';
import { capabilityList, constraintsSchema } from './constraints-schema.ts';
import { errorClassesSchema } from './error-classes-schema.ts';
import { duration, id, patterns, pause, share, text } from './words-schema.ts';

const strategy = text
  .refine(isStrategy, {
    error: 'expected cost, balanced, latency, reliability, quality, fairness or failover',
  })
  .meta({
    description: 'How places are ordered: cost, balanced, latency, reliability, quality, fairness, failover.',
  });

function isStrategy(name: string): boolean {
  try {
    parseStrategyName(name);
    return true;
  } catch {
    return false;
  }
}

const weight = z.number().nonnegative();

const weights = z
  .strictObject({
    cost: weight.optional(),
    latency: weight.optional(),
    reliability: weight.optional(),
    quality: weight.optional(),
    fairness: weight.optional(),
  })
  .refine((objectives) => Object.values(objectives).some((one) => one !== undefined && one > 0), {
    error: 'expected one weight above 0',
  })
  .meta({ description: 'Instead of a strategy: several objectives with their weights.' });

const target = {
  provider: id.meta({ description: 'One of the providers above, by its id.' }),
  model: text
    .optional()
    .meta({ description: 'Asked for instead of the model that the caller named. Default: that one.' }),
  region: text.optional(),
  tier: text.optional(),
  quality: share.optional().meta({
    description: 'How good its answers are, 0 to 1. Default: as routing.quality says.',
  }),
  contextTokens: z.int().positive().optional(),
  capabilities: capabilityList.optional().meta({ description: 'All that it can do. Default: not known.' }),
  zeroRetention: z.boolean().optional().meta({ description: 'It keeps nothing of what it is sent.' }),
};

const targetSchema = z.strictObject({
  ...target,
  share: z
    .number()
    .nonnegative()
    .optional()
    .meta({ description: 'With split: how large a part of the calls goes here first.' }),
});

const mirrorSchema = z
  .strictObject({
    name: text.meta({ description: 'Stands in the tag "mirror" of the copies’ entries.' }),
    target: z.strictObject(target),
    share: share.default(1).meta({ description: 'Of the calls; always the same sessions.' }),
    maxConcurrent: z.int().positive().max(10_000).default(4),
  })
  .meta({
    description:
      'Sends a copy of calls that are over to another place. Each is an operation of its own, held on the same limits.',
  });

function oneOrder(order: { readonly strategy?: unknown; readonly weights?: unknown }): boolean {
  return order.strategy === undefined || order.weights === undefined;
}

const orderError = { path: ['weights'], error: 'expected either strategy or weights' };

/** What can be said for all calls, and again for one route. */
const rules = {
  strategy: strategy.optional(),
  weights: weights.optional(),
  constraints: constraintsSchema.optional(),
  errorClasses: errorClassesSchema
    .optional()
    .meta({ description: 'Lines that stand before the built-in table of what failures mean.' }),
  maxAttempts: z.int().positive().max(100).optional().meta({ description: 'Of one call. Default: 8.' }),
  maxWaitMs: pause.optional().meta({ description: 'The longest wait before a retry. Default: 10000.' }),
  firstByteMs: duration.optional().meta({
    description: 'How long to wait for a first byte while there is somewhere else to go.',
  }),
  hedgeAfterMs: duration.optional().meta({
    description: 'After how long a second attempt starts beside a silent first. Both are billed.',
  }),
  whenUnanswered: z.enum(['elsewhere', 'stop']).optional().meta({
    description:
      'After a request that the provider may have worked on although no answer came: ask elsewhere, and book both; or stop. Default: elsewhere.',
  }),
};

const routeSchema = z
  .strictObject({
    models: patterns.meta({
      description: 'Models as callers name them; * stands for any run of characters.',
    }),
    targets: z.array(targetSchema).min(1),
    ...rules,
    sticky: z
      .literal(false)
      .optional()
      .meta({ description: 'false: sessions do not stay where they were served.' }),
    split: text.optional().meta({
      description: 'Name of an experiment: the targets’ shares say how calls are spread over them.',
    }),
    mirror: mirrorSchema.optional(),
  })
  .superRefine(({ split, targets }, context) => {
    const shared = targets.some(({ share: own }) => own !== undefined);
    const issue = (path: string[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    if (split === undefined && shared) issue(['split'], 'expected a name for what the shares are of');
    if (split !== undefined && !targets.some(({ share: own = 0 }) => own > 0))
      issue(['targets'], 'expected one share above 0, because of split');
  })
  .refine(oneOrder, orderError)
  .meta({ description: 'Where calls for some models may go, and what holds there instead.' });

const breakerSchema = z
  .strictObject({
    failures: z.int().positive().optional().meta({ description: 'Within windowMs. Default: 5.' }),
    windowMs: duration.optional(),
    openMs: duration.optional().meta({ description: 'At first; doubles with each probe that fails.' }),
    maxOpenMs: duration.optional(),
    probeTimeoutMs: duration.optional(),
  })
  .meta({ description: 'When keys, models and providers get no calls, and when one finds out again.' });

/** What happens besides sending a call where it was addressed to. */
export const routingSchema = z
  .strictObject({
    ...rules,
    seed: text
      .optional()
      .meta({ description: 'Decides what is drawn at random: the same seed and state, the same plan.' }),
    sticky: z
      .union([
        z.literal(false),
        z.strictObject({
          lastsMs: duration.optional(),
          sessions: z.int().positive().max(1_000_000).optional(),
          shared: z.int().nonnegative().max(100_000).optional(),
        }),
      ])
      .optional()
      .meta({ description: 'Sessions stay where they were served, on every replica. Default: they do.' }),
    breaker: breakerSchema.optional(),
    retryBudget: z
      .strictObject({
        perAnswer: z.number().nonnegative().optional(),
        reserve: z.number().nonnegative().optional(),
      })
      .optional()
      .meta({ description: 'Retries that each answer pays for (0.2), and the most saved up (10).' }),
    backOff: z.strictObject({ baseMs: pause.optional(), maxMs: pause.optional() }).optional(),
    retryAfter: z
      .strictObject({ minMs: pause.optional(), maxMs: pause.optional() })
      .optional()
      .meta({ description: 'Bounds for the waits that providers ask for.' }),
    priors: z
      .strictObject({
        latencyMs: duration.optional(),
        timeToFirstTokenMs: duration.optional(),
        success: share.optional(),
      })
      .optional()
      .meta({ description: 'What is believed of a place before anything was measured.' }),
    quality: z
      .strictObject({
        models: z.record(text, share).optional().meta({
          description: 'By model or provider/model, 0 to 1; * stands for a run. Wins over what is published.',
        }),
        published: z.enum(['aider_polyglot', 'none']).optional(),
      })
      .optional()
      .meta({ description: 'How good models are. Default: as a published benchmark says, where it does.' }),
    keys: z
      .strictObject({
        cooldownMs: duration.optional().meta({ description: 'When a 429 does not say. Default: 60000.' }),
        exhaustedMs: duration.optional(),
        recoveringShare: share.optional(),
        breaker: breakerSchema.optional(),
        thresholds: z
          .strictObject({
            abundant: share.optional(),
            constrained: share.optional(),
            criticalHours: z.number().nonnegative().optional(),
            constrainedHours: z.number().nonnegative().optional(),
            confidence: share.optional(),
          })
          .optional()
          .meta({ description: 'From which share of a quota on it counts as abundant, as constrained.' }),
      })
      .optional()
      .meta({ description: 'How long keys rest, and when their quotas are called scarce.' }),
    shared: z
      .union([z.literal(false), z.strictObject({ everyMs: duration.min(50).optional() })])
      .optional()
      .meta({
        description:
          'Replicas on one Postgres or Redis tell one another what is out and where sessions are. false: each knows its own.',
      }),
    routes: z.array(routeSchema).max(10_000).default([]),
  })
  .refine(oneOrder, orderError)
  .meta({ description: 'Where calls may go when the first place fails, and how often.' });

/** The routing part of a configuration, checked. */
export type RoutingConfig = z.output<typeof routingSchema>;
