import { ConfigurationError, checkAttribution, describe } from '@genops/core';
import { liveLists } from '@genops/pricing';
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

const telemetryOptions: Readonly<Record<keyof TelemetryInput, true>> = {
  aliases: true,
  dimensions: true,
  maxSeries: true,
  spanSampleRatio: true,
  otlp: true,
  serviceName: true,
  batch: true,
};

/**
 * Refuses words that nothing reads; programs without types have nobody else to tell them.
 *
 * @throws {ConfigurationError} naming the first that is none
 */
export function checkInput(input: SettingsInput): void {
  refuseUnknown('', input, options);
  if (input.telemetry) refuseUnknown('telemetry.', input.telemetry, telemetryOptions);
  if (input.attribution !== undefined) checkAttribution(input.attribution);
  input.livePrices?.forEach((name, index) => {
    oneOf(`livePrices[${index}]`, name, liveLists);
  });
  oneOf('mode', input.mode, ['enforce', 'observe']);
  oneOf('onUnknownRoute', input.onUnknownRoute, ['refuse', 'pass']);
}

function refuseUnknown(path: string, said: object, known: object): void {
  const unknown = Object.keys(said).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  throw new ConfigurationError(path + unknown, `not one of ${Object.keys(known).join(', ')}`);
}

function oneOf(path: string, value: unknown, words: readonly string[]): void {
  if (value === undefined || words.some((word) => word === value)) return;
  throw new ConfigurationError(path, `expected ${words.join(' or ')}, got ${describe(value)}`);
}
