import { ConfigurationError, isGenOpsError } from '@genops/core';
import type { LoadedConfig } from './serving.ts';

/** Which configuration is in force, and what became of the newest one. */
export interface ConfigurationState {
  /** 1 for the one that the proxy started with; each that replaces another counts one up. */
  readonly version: number;
  /** When it came into force, an instant. */
  readonly since: string;
  /** Set while the newest one is not in force. */
  readonly rejected?: { readonly at: string; readonly reason: string };
}

/** Configurations that were in force, and how to go back. */
export interface Configurations {
  state(): ConfigurationState;
  /** Those that can be gone back to, the newest first; the one in force is among them. */
  history(): readonly Omit<ConfigurationState, 'rejected'>[];
  /** Resolves with the state after it: in force, or rejected with what was in force before. */
  replace(read: () => Promise<LoadedConfig>): Promise<ConfigurationState>;
  /**
   * Brings an earlier one into force again, as a new version.
   *
   * @param version - @default the one before the one in force
   * @throws {ConfigurationError} when it is not among those kept
   */
  rollBack(version?: number): Promise<ConfigurationState>;
}

export interface ConfigurationsOptions {
  readonly first: LoadedConfig;
  /** Brings one into force at once, or throws and changes nothing. */
  readonly apply: (loaded: LoadedConfig) => Promise<void>;
  readonly now: () => Date;
  /** Takes what is wrong with the program, not with a configuration. */
  readonly onError: (error: unknown) => void;
}

/** How many can be gone back to. */
const kept = 10;

/** Keeps track of configurations. Changes that come at the same time are made one after the other. */
export function createConfigurations({ first, apply, now, onError }: ConfigurationsOptions): Configurations {
  let versions = [{ version: 1, since: now().toISOString(), loaded: first }];
  let rejected: ConfigurationState['rejected'];
  let line: Promise<unknown> = Promise.resolve();

  const current = (): (typeof versions)[number] => versions[0] as (typeof versions)[number];
  const state = (): ConfigurationState => {
    const { version, since } = current();
    return { version, since, ...(rejected !== undefined && { rejected }) };
  };
  const replace = async (read: () => Promise<LoadedConfig>): Promise<ConfigurationState> => {
    try {
      const loaded = await read();
      await apply(loaded);
      const next = { version: current().version + 1, since: now().toISOString(), loaded };
      versions = [next, ...versions].slice(0, kept);
      rejected = undefined;
    } catch (error) {
      if (!isGenOpsError(error)) onError(error);
      rejected = {
        at: now().toISOString(),
        reason: error instanceof Error ? error.message : String(error),
      };
    }
    return state();
  };
  const inLine = <Result>(change: () => Promise<Result>): Promise<Result> => {
    const done = line.then(change);
    line = done.catch(() => {});
    return done;
  };

  return {
    state,
    history: () => versions.map(({ version, since }) => ({ version, since })),
    replace: (read) => inLine(() => replace(read)),
    rollBack: (version) =>
      inLine(() => {
        const found = version === undefined ? versions[1] : versions.find((one) => one.version === version);
        if (found === undefined) {
          const known = versions.map((one) => one.version).join(', ');
          throw new ConfigurationError(
            'version',
            `expected one of ${known}, got ${version ?? 'none before'}`,
          );
        }
        return replace(async () => found.loaded);
      }),
  };
}
