import {
  type Alerts,
  type AlertsConfig,
  alertChannelsOf,
  alertRulesOf,
  createAlerts,
  type Outbox,
  withThresholds,
} from '@genops/alerts';
import type { LedgerEntry } from '@genops/core';
import type { Governor } from '@genops/governor';
import type { PolicyInput } from '@genops/policy';
import type { Config, Environment } from './config.ts';

/** Entries that windows are filled with at the start; older ones are left out. */
const mostRemembered = 50_000;
const pageSize = 1_000;

/** Limits without thresholds of their own get those that the alerts’ rules want to tell. */
export function announcing(policy: PolicyInput, { alerts }: Config): PolicyInput {
  if (alerts === undefined) return policy;
  type Limits = NonNullable<PolicyInput['limits']>;
  return {
    ...policy,
    limits: withThresholds((policy.limits ?? []) as never, alertRulesOf(alerts)) as Limits,
  };
}

/**
 * Starts the alerts of a configuration: they listen to the governor, and count what the ledger has of the windows
 * that their rules look back over.
 *
 * @throws {ConfigurationError} when a channel's variable is not set, or not as it must be
 */
export async function prepareAlerts(
  config: AlertsConfig,
  environment: Environment,
  outbox: Outbox | undefined,
  onError: (error: unknown) => void,
): Promise<(governor: Governor) => Alerts> {
  const channels = await alertChannelsOf(config, environment);
  return (governor) => {
    const startedAt = new Date();
    const alerts = createAlerts({
      rules: alertRulesOf(config),
      channels,
      onError,
      quotas: () =>
        governor.router.keys
          .list()
          .map(({ id, provider }) => ({ keyId: id, provider, ...governor.router.keys.quotaState(id) })),
      ...(outbox !== undefined && { outbox }),
      ...(config.source !== undefined && { source: config.source }),
      ...(config.maxAttempts !== undefined && { delivery: { maxAttempts: config.maxAttempts } }),
    });
    governor.on(alerts.listener);
    rememberEntries(governor, alerts, startedAt).catch(onError);
    return alerts;
  };
}

/** What ended before this process began to listen, the newest first. */
async function rememberEntries(governor: Governor, alerts: Alerts, startedAt: Date): Promise<void> {
  if (alerts.longestWindowMs === 0) return;
  const from = new Date(startedAt.getTime() - alerts.longestWindowMs).toISOString();
  const found: LedgerEntry[] = [];
  let cursor: string | undefined;
  do {
    const page = await governor.ledger.entries({
      filter: { from, until: startedAt.toISOString() },
      order: 'newest_first',
      pageSize,
      ...(cursor !== undefined && { cursor }),
    });
    found.push(...page.entries);
    cursor = page.nextCursor;
  } while (cursor !== undefined && found.length < mostRemembered);
  const before = found.filter(({ endedAt }) => Date.parse(endedAt) < startedAt.getTime()).reverse();
  const whole = cursor === undefined;
  alerts.remember(before, Date.parse(whole ? from : (before[0]?.endedAt ?? startedAt.toISOString())));
}
