import { parseStrategyName } from '@genops/router';
import { z } from 'zod';

const text = z.string().min(1).max(256);
const id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected lower-case letters, digits, dots and dashes');

const strategy = text
  .refine(
    (name) => {
      try {
        parseStrategyName(name);
        return true;
      } catch {
        return false;
      }
    },
    { error: 'expected cost, balanced, latency, reliability, quality, fairness or failover' },
  )
  .meta({
    description: 'How places are ordered: cost, balanced, latency, reliability, quality, fairness, failover.',
  });

const weight = z.number().nonnegative();

const targetSchema = z.strictObject({
  provider: id.meta({ description: 'One of the providers above, by its id.' }),
  model: text
    .optional()
    .meta({ description: 'Asked for instead of the model that the caller named. Default: that one.' }),
  region: text.optional(),
  tier: text.optional(),
  quality: z.number().min(0).max(1).optional().meta({ description: 'How good its answers are, 0 to 1.' }),
  contextTokens: z.int().positive().optional(),
});

const routeSchema = z
  .strictObject({
    models: z
      .array(text)
      .min(1)
      .meta({ description: 'Models as callers name them; * stands for any run of characters.' }),
    strategy: strategy.optional(),
    targets: z.array(targetSchema).min(1),
  })
  .meta({ description: 'Where calls for some models may go.' });

/** What happens besides sending a call where it was addressed to. */
export const routingSchema = z
  .strictObject({
    strategy: strategy.optional(),
    weights: z
      .strictObject({
        cost: weight.optional(),
        latency: weight.optional(),
        reliability: weight.optional(),
        quality: weight.optional(),
        fairness: weight.optional(),
      })
      .optional()
      .meta({ description: 'Instead of a strategy: several objectives with their weights.' }),
    maxAttempts: z.int().positive().optional().meta({ description: 'Of one call. Default: 8.' }),
    maxWaitMs: z.int().nonnegative().optional(),
    firstByteMs: z.int().positive().optional().meta({
      description: 'How long to wait for a first byte while there is somewhere else to go.',
    }),
    hedgeAfterMs: z.int().positive().optional().meta({
      description: 'After how long a second attempt starts beside a silent first. Both are billed.',
    }),
    routes: z.array(routeSchema).default([]),
  })
  .meta({ description: 'Where calls may go when the first place fails, and how often.' });

/** Several keys of one provider. */
export const keysSchema = z
  .array(
    z.strictObject({
      id: id.meta({ description: 'Its name in entries and reports; stays the same when it is rotated.' }),
      secret: z
        .string()
        .regex(/^env:[A-Za-z_][A-Za-z0-9_]*$/, 'expected a reference such as env:OPENAI_KEY_1')
        .meta({ description: 'Where it is: env:NAME.' }),
      account: text.optional().meta({ description: 'Keys of one account share its limits.' }),
      team: text.optional().meta({ description: 'Only this team’s calls may use it.' }),
      region: text.optional(),
      tier: text.optional(),
      models: z.array(text).min(1).optional().meta({ description: 'The only models that it is for.' }),
      weight: z.number().positive().optional(),
      maxConcurrent: z.int().positive().optional(),
    }),
  )
  .min(1)
  .meta({ description: 'Instead of apiKey: several keys, of which each call gets a good one.' });
