import { openrouter } from '@genops/openrouter';
import { init, shutdown } from './init.ts';
import { providerTypes } from './known-providers.ts';
import { currentRegistration, type Registration } from './registration.ts';
import type { SettingsInput } from './settings.ts';

/**
 * Governs the calls that go to OpenRouter, whichever client makes them, and those of no other provider unless
 * they are governed already.
 *
 * @throws {ConfigurationError} naming the first thing that is not as it must be
 */
export function patchOpenRouter(input: Omit<SettingsInput, 'providers'> = {}): Registration {
  const running = currentRegistration();
  const governed = running?.input.providers ?? (running === undefined ? [] : providerTypes);
  const isGoverned = governed.some(({ id }) => id === openrouter.id);
  if (running !== undefined && isGoverned && Object.keys(input).length === 0) return running;
  return init({
    ...running?.input,
    ...input,
    providers: isGoverned ? governed : [...governed, openrouter],
  });
}

/** Lets calls to OpenRouter pass again. The calls of other providers stay governed if they were. */
export async function unpatchOpenRouter(): Promise<void> {
  const running = currentRegistration();
  if (running === undefined) return;
  const others = (running.input.providers ?? providerTypes).filter(({ id }) => id !== openrouter.id);
  if (others.length === 0) await shutdown();
  else init({ ...running.input, providers: others });
}
