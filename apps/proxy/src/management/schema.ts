import { z } from 'zod';

/** Who may look at the proxy and operate its keys. Without it there is no management at all. */
export const adminSchema = z
  .strictObject({
    secret: z
      .string()
      .regex(
        /^env:[A-Za-z_][A-Za-z0-9_]*$/,
        'expected a reference such as env:PROXY_ADMIN_KEY; secrets do not belong in this file',
      )
      .meta({ description: 'Where the key for /api/v1 is: env:NAME. It is no virtual key.' }),
    maxFailuresPerMinute: z
      .int()
      .positive()
      .default(5)
      .meta({ description: 'Wrong keys from one address; after that it has to wait.' }),
  })
  .meta({ description: 'Switches the management API on, at /api/v1. Default: off.' });
