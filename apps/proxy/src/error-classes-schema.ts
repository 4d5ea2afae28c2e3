import { z } from 'zod';
import { id, text } from './words-schema.ts';

const next = z.enum(['same_key', 'next_key', 'next_provider', 'next_model', 'stop']);
const lowerCase = z
  .array(text.transform((value) => value.toLowerCase()))
  .min(1)
  .max(100);

/** One line of the table that says what a failure means. It stands before the built-in ones. */
const errorClassSchema = z
  .strictObject({
    id: id.meta({ description: 'Stands in the record of the attempt.' }),
    when: z
      .strictObject({
        provider: z.array(id).min(1).optional(),
        kind: z
          .array(
            z.enum([
              'status',
              'in_answer',
              'not_sent',
              'misconfigured',
              'no_answer',
              'broken',
              'timeout',
              'too_large',
            ]),
          )
          .min(1)
          .optional(),
        status: z
          .array(z.union([z.int().min(300).max(599), z.enum(['4xx', '5xx'])]))
          .min(1)
          .optional(),
        code: lowerCase.optional().meta({ description: 'One of the error’s codes, types or reasons.' }),
        message: lowerCase.optional().meta({ description: 'The message has one of these in it.' }),
      })
      .refine((when) => Object.keys(when).length > 0, { error: 'expected one condition or more' }),
    next: next.meta({ description: 'Where the next attempt goes.' }),
    blame: z
      .enum(['key', 'account', 'model', 'provider', 'request', 'nobody'])
      .default('nobody')
      .meta({ description: 'Whose fault it is: what a breaker counts against, what is put aside.' }),
    key: z.enum(['throttle', 'exhaust', 'invalidate']).optional(),
    maybeBilled: z
      .boolean()
      .optional()
      .meta({ description: 'The provider may have worked, and may bill it.' }),
    times: z.int().min(1).max(10).optional(),
    otherwise: next.optional(),
  })
  .meta({ description: 'What a failure means, and what to do about it.' });

export const errorClassesSchema = z.array(errorClassSchema).max(100);
