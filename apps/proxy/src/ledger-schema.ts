import { z } from 'zod';

const reference = (example: string) =>
  z
    .string()
    .regex(/^env:[A-Za-z_][A-Za-z0-9_]*$/, `expected a reference such as env:${example}`)
    .meta({ description: `Where its URL is: env:${example}. A URL with a password is a secret.` });
const timeoutMs = z.int().min(10).max(60_000);

const sqliteSchema = z
  .strictObject({
    driver: z.literal('sqlite'),
    path: z
      .string()
      .min(1)
      .max(1024)
      .default('ledger.db')
      .meta({ description: 'The file, seen from the data directory.' }),
  })
  .meta({ description: 'One file on one machine; a second proxy on it refuses to start.' });

const redisSchema = z
  .strictObject({
    url: reference('REDIS_URL'),
    timeoutMs: timeoutMs
      .default(100)
      .meta({ description: 'How long it may take before a call goes on without it.' }),
    copyLivesMs: z.int().min(10).max(60_000).default(1000).meta({
      description: 'How old a refusal from Redis may be at most.',
    }),
  })
  .meta({ description: 'Redis or Valkey, which keeps refused calls away from Postgres.' });

const postgresSchema = z
  .strictObject({
    driver: z.literal('postgres'),
    url: reference('DATABASE_URL'),
    schema: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'expected lower-case letters, digits and underscores')
      .default('genops_ledger')
      .meta({ description: 'Where its tables are; they are made when they are not there.' }),
    timeoutMs: timeoutMs.default(2000).meta({ description: 'How long an operation may take.' }),
    connections: z.int().min(2).max(100).default(8).meta({ description: 'Of this replica, at most.' }),
    redis: redisSchema.optional(),
  })
  .meta({ description: 'One database that any number of replicas share.' });

/** Where holds and entries live. */
export const ledgerSchema = z
  .discriminatedUnion('driver', [sqliteSchema, postgresSchema])
  .meta({ description: 'Where holds and entries live. Changing it needs a restart.' });

/** A ledger's settings that were checked. */
export type LedgerConfig = z.output<typeof ledgerSchema>;
