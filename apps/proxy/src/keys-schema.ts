import type { QuotaConfiguration } from '@genops/router';
import { z } from 'zod';
import { id, reference, text } from './words-schema.ts';

const windows = { minute: 'minute', hour: 'hourly', day: 'daily', month: 'monthly' } as const;

const quotaSchema = z
  .strictObject({
    unit: z.enum(['requests', 'tokens', 'inputTokens', 'outputTokens']).default('requests'),
    limit: z.int().positive(),
    window: z
      .union([
        z.enum(Object.keys(windows) as [keyof typeof windows, ...(keyof typeof windows)[]]),
        z.strictObject({ seconds: z.number().positive().max(31_622_400) }),
      ])
      .meta({ description: 'minute, hour, day and month of UTC, or a number of seconds.' }),
    resetsAt: z.iso.datetime({ offset: true }).optional().meta({
      description: 'When the first one ends. Default: at the next full minute, hour, day or month.',
    }),
  })
  .meta({ description: 'So much of a unit in a window, as the provider allows it.' });

export const quotasSchema = z
  .array(quotaSchema)
  .min(1)
  .refine((quotas) => new Set(quotas.map(windowOf)).size === quotas.length, {
    error: 'expected each unit once in a window of one length',
  });

function windowOf({ unit, window }: z.output<typeof quotaSchema>): string {
  return `${unit} ${JSON.stringify(window)}`;
}

/** As the router has them. */
export function quotasOf(quotas: z.output<typeof quotasSchema>): readonly QuotaConfiguration[] {
  return quotas.map(({ unit, limit, window, resetsAt }) => ({
    unit,
    limit,
    window: typeof window === 'string' ? windows[window] : window,
    ...(resetsAt !== undefined && { resetsAtMs: Date.parse(resetsAt) }),
  }));
}

/** Several keys of one provider. */
export const keysSchema = z
  .array(
    z.strictObject({
      id: id.meta({ description: 'Its name in entries and reports; stays the same when it is rotated.' }),
      secret: reference.meta({ description: 'Where it is: env:NAME. Of AWS, the secret access key.' }),
      accessKeyId: reference.optional().meta({ description: 'Of AWS: where the id of the access key is.' }),
      sessionToken: reference.optional().meta({ description: 'Of AWS, for credentials that end.' }),
      account: text.optional().meta({ description: 'Keys of one account share its limits.' }),
      team: text.optional().meta({ description: 'Only this team’s calls may use it.' }),
      region: text.optional(),
      tier: text.optional(),
      models: z.array(text).min(1).optional().meta({ description: 'The only models that it is for.' }),
      weight: z.number().positive().optional(),
      maxConcurrent: z.int().positive().optional(),
      quotas: quotasSchema.optional().meta({ description: 'What this key alone may use.' }),
    }),
  )
  .min(1)
  .meta({ description: 'Instead of apiKey: several keys, of which each call gets a good one.' });

/** What all keys of one account share. */
export const accountsSchema = z
  .record(text, z.strictObject({ quotas: quotasSchema }))
  .meta({ description: 'What all keys of an account share, by the name that the keys give it.' });
