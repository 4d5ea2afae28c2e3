import { z } from 'zod';

/** A short text. */
export const text = z.string().min(1).max(256);

export const id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected lower-case letters, digits, dots and dashes');

/** Where a secret is. */
export const reference = z
  .string()
  .regex(
    /^env:[A-Za-z_][A-Za-z0-9_]*$/,
    'expected a reference such as env:OPENAI_API_KEY; secrets do not belong in this file',
  );

/** Names, of which `*` may stand for a part. */
export const patterns = z.array(text).min(1).max(1_000);

export const share = z.number().min(0).max(1);

/** Milliseconds, up to a day. */
export const duration = z.int().positive().max(86_400_000);
export const pause = z.int().nonnegative().max(86_400_000);
