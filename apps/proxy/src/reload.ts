import { ConfigurationError } from '@genops/core';
import { loadConfig, priceFiles } from './load-config.ts';
import type { Log } from './log.ts';
import type { RunningProxy } from './proxy.ts';
import type { LoadedConfig } from './serving.ts';
import { watchFiles } from './watch-files.ts';

export interface ReloadOptions {
  readonly proxy: RunningProxy;
  readonly file: string;
  /** What the proxy started with. */
  readonly first: LoadedConfig;
  readonly watch: boolean;
  readonly log: Log;
}

/**
 * Reads the configuration again when it is called; with `watch`, when its files change, too. Either the whole
 * new one comes into force, or the old one stays and the log says why.
 */
export function createReload({ proxy, file, first, watch, log }: ReloadOptions): () => void {
  const { configurations } = proxy;
  let read = first;
  let waiting = false;
  const reload = async (): Promise<void> => {
    // One that has not begun to read yet will see what this one would.
    if (waiting) return;
    waiting = true;
    const { version, rejected } = await configurations.replace(async () => {
      waiting = false;
      read = await loadConfig(file);
      return read;
    });
    if (rejected === undefined) {
      log.say('configuration_in_force', { version }, `The configuration was read again: ${file}\n`);
      return;
    }
    const stays = `not taken, version ${version} stays in force: ${rejected.reason}`;
    log.complain('configuration_rejected', new ConfigurationError('new configuration', stays));
  };
  if (watch)
    watchFiles({
      files: () => [file, ...priceFiles(read.config, file)],
      onChange: () => void reload(),
    });
  return () => void reload();
}
