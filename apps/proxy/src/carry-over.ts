import type { RouterState } from '@genops/router';
import type { Config } from './config.ts';
import { providerId } from './config.ts';
import type { Serving } from './serving.ts';

/**
 * What was learnt of keys and places under one configuration, for the next one: breakers, quotas, and which
 * keys are out. A key that now has another secret starts anew.
 *
 * @param nowMs - when it is handed over; what is known of a key counts from here, because the next
 *   configuration has just met it
 */
export function carriedOver(before: Serving, next: Pick<Serving, 'config'>, nowMs: number): RouterState {
  const { keys, breakers } = before.governor.router.state();
  const secretBefore = secretsOf(before.config);
  const secretNext = secretsOf(next.config);
  return {
    breakers,
    keys: keys
      .filter(({ id }) => secretNext.get(id) === secretBefore.get(id))
      .map((fact) => ({ ...fact, stateUpdatedAtMs: Math.max(fact.stateUpdatedAtMs, nowMs) })),
  };
}

/** Where the secret of each key is, and whose it is. */
function secretsOf({ providers }: Config): ReadonlyMap<string, string> {
  return new Map(
    providers.flatMap((entry) =>
      entry.type === 'simulated'
        ? []
        : (entry.keys ?? []).map(
            ({ id, secret, accessKeyId = '' }) =>
              [id, `${providerId(entry)} ${accessKeyId} ${secret}`] as const,
          ),
    ),
  );
}
