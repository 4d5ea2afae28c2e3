import { attributionDimensions } from '@genops/core';
import { z } from 'zod';

const text = z.string().min(1).max(256);

/** Everything that can be said in advance: a session begins later, and a key's id is the key's own. */
const configurable = attributionDimensions.filter(
  (dimension) => dimension !== 'sessionId' && dimension !== 'keyId',
);
type Configurable = Exclude<(typeof attributionDimensions)[number], 'sessionId' | 'keyId'>;

/** For whom calls are made, as people write it in a configuration. Unknown names are refused; tags take any. */
export const attributionSchema = z.strictObject({
  ...(Object.fromEntries(configurable.map((dimension) => [dimension, text.optional()])) as Record<
    Configurable,
    z.ZodOptional<z.ZodString>
  >),
  tags: z.record(text, text).optional(),
});
