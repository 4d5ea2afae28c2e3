import { ConfigurationError, checkAttribution, checkOneOf } from '@genops/core';
import { liveLists } from '@genops/pricing';
import { telemetrySchema } from '@genops/telemetry/config';
import { z } from 'zod';
import type { SettingsInput } from './settings.ts';
import type { TelemetryInput } from './telemetry.ts';

/** Every word that a program may say, so that a slip of the pen is an error and not nothing. */
const options: Readonly<Record<keyof SettingsInput, true>> = {
  attribution: true,
  policy: true,
  mode: true,
  ledger: true,
  providers: true,
  prices: true,
  livePrices: true,
  onUnknownRoute: true,
  debug: true,
  telemetry: true,
  configFile: true,
};

/** As in the configuration file, but for what only the proxy has. */
const telemetryInputSchema = telemetrySchema.omit({ prometheus: true, prompts: true });

/**
 * Refuses words that nothing reads; programs without types have nobody else to tell them.
 *
 * @throws {ConfigurationError} naming the first that is none
 */
export function checkInput(input: SettingsInput): void {
  refuseUnknown(input);
  if (input.telemetry) checkTelemetry(input.telemetry);
  if (input.attribution !== undefined) checkAttribution(input.attribution);
  input.livePrices?.forEach((name, index) => {
    checkOneOf(`livePrices[${index}]`, name, liveLists);
  });
  checkOneOf('mode', input.mode, ['enforce', 'observe']);
  checkOneOf('onUnknownRoute', input.onUnknownRoute, ['refuse', 'pass']);
}

function refuseUnknown(input: SettingsInput): void {
  const unknown = Object.keys(input).find((name) => !Object.hasOwn(options, name));
  if (unknown === undefined) return;
  throw new ConfigurationError(unknown, `not one of ${Object.keys(options).join(', ')}`);
}

function checkTelemetry(input: TelemetryInput): void {
  const issue = telemetryInputSchema.safeParse(input).error?.issues[0];
  if (issue === undefined) return;
  throw new ConfigurationError(z.core.toDotPath(['telemetry', ...issue.path]), issue.message);
}
