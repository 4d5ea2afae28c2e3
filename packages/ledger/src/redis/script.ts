import { createHash } from 'node:crypto';
import type { RedisClient } from './client.ts';

/** A script that runs on the server as one step. */
export type Script = (
  client: RedisClient,
  keys: readonly string[],
  values: readonly string[],
) => Promise<unknown>;

/** Sends the script itself only to a server that does not know it: a new one, or one that was told to forget. */
export function defineScript(source: string): Script {
  const sha1 = createHash('sha1').update(source).digest('hex');
  return async (client, keys, values) => {
    try {
      return await client.evalsha(sha1, keys.length, ...keys, ...values);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return client.eval(source, keys.length, ...keys, ...values);
    }
  };
}
