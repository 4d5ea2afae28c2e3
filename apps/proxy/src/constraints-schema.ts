import { money } from '@genops/core';
import { type Constraints, capabilities } from '@genops/router';
import { z } from 'zod';
import { duration, id, patterns, share, text } from './words-schema.ts';

const amount = z
  .union([z.string(), z.number().transform(String)])
  .refine((value) => /^(0|[1-9]\d{0,11})(\.\d{1,12})?$/.test(value), {
    error: 'expected a plain decimal such as "0.10", at most 12 digits after the point',
  });

export const capabilityList = z.array(z.enum(capabilities)).min(1);

/** What a place must be; anything else is ruled out, whatever the strategy says. */
export const constraintsSchema = z
  .strictObject({
    allowedProviders: z.array(id).min(1).optional(),
    blockedProviders: z.array(id).min(1).optional(),
    allowedModels: patterns.optional().meta({ description: 'As they are asked for; * stands for a run.' }),
    blockedModels: patterns.optional(),
    regions: z.array(text).min(1).optional().meta({ description: 'A place without a region keeps to none.' }),
    tiers: z.array(text).min(1).optional(),
    zeroRetention: z.boolean().optional().meta({ description: 'Only where nothing is kept.' }),
    capabilities: capabilityList
      .optional()
      .meta({ description: 'What a model must be known to do, whether a call asks for it or not.' }),
    minContextTokens: z.int().positive().optional(),
    maxCost: amount
      .optional()
      .meta({ description: 'The most, in USD, that one call may come to. Without a price nothing does.' }),
    minSuccessRate: share.optional().meta({ description: 'As measured here, 0 to 1.' }),
    minQuality: share.optional().meta({ description: 'Models of which nothing is known do not have it.' }),
    maxLatencyMs: duration
      .optional()
      .meta({ description: 'As measured here: to the first token of a stream.' }),
  })
  .meta({ description: 'What a place must be; anything else is ruled out.' });

/** As the router has them. */
export function constraintsOf({ maxCost, ...others }: z.output<typeof constraintsSchema>): Constraints {
  return { ...(others as Constraints), ...(maxCost !== undefined && { maxCost: money(maxCost) }) };
}
