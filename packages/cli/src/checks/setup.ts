import type { Provider } from '@genops/core';
import type { Policy } from '@genops/policy';
import type { Pricing } from '@genops/pricing';
import type { Environment, Settings } from '@genops/register/api';

/** A setup as the checks look at it. */
export interface Setup {
  readonly environment: Environment;
  /** Where relative paths start, and where the program's package.json is. */
  readonly directory: string;
  readonly settings: Settings;
  readonly policy: Policy;
  readonly pricing: Pricing;
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => Date;
  /** How long an address may take to answer. */
  readonly timeoutMs: number;
}

/** One provider of a setup. */
export interface ProviderToCheck {
  /** At the address that was chosen for it. */
  readonly provider: Provider;
  /** False when it has no usual address and none was chosen. */
  readonly hasAddress: boolean;
  readonly apiKey: string | undefined;
  /** Where that key stands, or where it should. */
  readonly apiKeyEnv: string;
  /** Models that are configured by name. */
  readonly models: readonly string[];
}

/** True when a money limit can refuse a call. */
export function enforcesMoney({ settings, policy }: Setup): boolean {
  return (
    settings.mode === 'enforce' &&
    policy.limits.some(({ unit, mode }) => unit === 'money' && mode === 'enforced')
  );
}

/** True for an address on this machine. */
export function isLocal(url: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}
