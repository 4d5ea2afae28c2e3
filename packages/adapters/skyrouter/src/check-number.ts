import { ConfigurationError } from '@genops/core';

/** @throws {ConfigurationError} unless it is above 0, and at most 1 */
export function checkShare(path: string, value: number): void {
  if (!(value > 0 && value <= 1))
    throw new ConfigurationError(path, `expected a number above 0, at most 1; got ${value}`);
}

/** @throws {ConfigurationError} unless it is a whole number, at least `least` */
export function checkWholeNumber(path: string, value: number, least: number): void {
  if (!(Number.isSafeInteger(value) && value >= least))
    throw new ConfigurationError(path, `expected a whole number, at least ${least}; got ${value}`);
}
