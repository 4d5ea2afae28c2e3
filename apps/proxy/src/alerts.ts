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
import type { Ledger } from '@genops/ledger';
import type { PolicyInput } from '@genops/policy';
import type { KeyPool } from '@genops/router';
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

export interface AlertsParts {
  readonly environment: Environment;
  /** What ended before this process began is counted from its entries. */
  readonly ledger: Ledger;
  readonly outbox: Outbox | undefined;
  /** Of the configuration in force. */
  readonly keys: () => KeyPool;
  readonly onError: (error: unknown) => void;
}

/**
 * Starts the alerts of a configuration; they count what the ledger has of the windows that their rules look back
 * over. Their listener is for the caller to register.
 *
 * @throws {ConfigurationError} when a channel's variable is not set, or not as it must be
 */
export async function startAlerts(config: AlertsConfig, parts: AlertsParts): Promise<Alerts> {
  const { environment, ledger, outbox, keys, onError } = parts;
  const startedAt = new Date();
  const alerts = createAlerts({
    rules: alertRulesOf(config),
    channels: await alertChannelsOf(config, environment),
    onError,
    quotas: () =>
      keys()
        .list()
        .map(({ id, provider }) => ({ keyId: id, provider, ...keys().quotaState(id) })),
    ...(outbox !== undefined && { outbox }),
    ...(config.source !== undefined && { source: config.source }),
    ...(config.maxAttempts !== undefined && { delivery: { maxAttempts: config.maxAttempts } }),
  });
  rememberEntries(ledger, alerts, startedAt).catch(onError);
  return alerts;
}

/** What ended before this process began to listen, the newest first. */
async function rememberEntries(ledger: Ledger, alerts: Alerts, startedAt: Date): Promise<void> {
  if (alerts.longestWindowMs === 0) return;
  const from = new Date(startedAt.getTime() - alerts.longestWindowMs).toISOString();
  const found: LedgerEntry[] = [];
  let cursor: string | undefined;
  do {
    const page = await ledger.entries({
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
