import { currentRegistration, type Registration, register } from './registration.ts';
import { readSettings, type SettingsInput, type SettingsSources } from './settings.ts';

/**
 * Governs every call to a known provider that this process makes with the global `fetch`, by what is said
 * here, in `GENOPS_*` and in `genops.yaml`. Called again it changes what is said and governs nothing twice;
 * called again with nothing to say it only gives back what there is.
 *
 * @throws {ConfigurationError} naming the first thing that is not as it must be; nothing has changed then
 */
export function init(input: SettingsInput = {}, sources: SettingsSources = ofThisProcess()): Registration {
  const running = currentRegistration();
  if (running === undefined) return register(readSettings(input, sources), input);
  if (Object.keys(input).length > 0) running.change(readSettings(input, sources), input);
  return running;
}

/** Gives `fetch` back and closes the ledger. Harmless when nothing is governed. */
export async function shutdown(): Promise<void> {
  await currentRegistration()?.stop();
}

function ofThisProcess(): SettingsSources {
  return { environment: process.env, directory: process.cwd() };
}
