import { ConfigurationError, type Decimal, describe, type LedgerEntry, MoneyError } from '@genops/core';
import type { ReserveRequest } from './ledger.ts';

/** The longest that anything may be held for. */
export const longestHoldMs = 31 * 86_400_000;
const longestId = 256;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const unprintable = /[\u0000-\u001f\u007f]/;

/**
 * What no store may count, whoever asks for it.
 *
 * @throws {ConfigurationError} naming the part of the request that cannot be
 * @throws {MoneyError} for a negative amount
 */
export function checkReserve(request: ReserveRequest): void {
  const { id, draws, expiresInMs, clampSteps } = request;
  checkId(id);
  if (!(Number.isSafeInteger(expiresInMs) && expiresInMs > 0 && expiresInMs <= longestHoldMs)) {
    throw new ConfigurationError(
      'expiresInMs',
      `expected 1 to ${longestHoldMs}, got ${describe(expiresInMs)}`,
    );
  }
  if (clampSteps !== undefined && !(Number.isSafeInteger(clampSteps) && clampSteps > 0)) {
    throw new ConfigurationError('clampSteps', `expected a positive integer, got ${describe(clampSteps)}`);
  }
  draws.forEach(({ limit, bucket, amount, minimum }, index) => {
    checkAmount(`draws[${index}].amount`, amount);
    if (minimum !== undefined) checkAmount(`draws[${index}].minimum`, minimum);
    if (minimum?.gt(amount)) {
      throw new ConfigurationError(
        `draws[${index}].minimum`,
        `expected at most the amount, ${amount.toFixed()}, got ${minimum.toFixed()}`,
      );
    }
    const first = draws.findIndex((other) => other.limit.id === limit.id && other.bucket === bucket);
    if (first !== index) {
      throw new ConfigurationError(`draws[${index}]`, `draws on "${limit.id}" again; add the amounts up`);
    }
  });
}

/** @throws {ConfigurationError} or {@link MoneyError}, as {@link checkReserve} does */
export function checkAmounts(amounts: readonly Decimal[]): void {
  amounts.forEach((amount, index) => {
    checkAmount(`amounts[${index}]`, amount);
  });
}

/** @throws {ConfigurationError} when there is not one amount for each draw */
export function checkCount(amounts: readonly Decimal[], draws: number): void {
  if (amounts.length !== draws) {
    throw new ConfigurationError('amounts', `expected ${draws}, one for each draw, got ${amounts.length}`);
  }
}

/** @throws {ConfigurationError} when an entry could never be found or placed in time */
export function checkEntry(entry: LedgerEntry): void {
  checkId(entry.id);
  for (const name of ['at', 'endedAt'] as const) {
    if (Number.isNaN(Date.parse(entry[name]))) {
      throw new ConfigurationError(name, `expected an instant, got ${describe(entry[name])}`);
    }
  }
  if ((entry.kind === 'correction') !== (entry.corrects !== undefined)) {
    throw new ConfigurationError('corrects', 'expected exactly on an entry of kind "correction"');
  }
}

export function checkId(id: string): void {
  if (typeof id !== 'string' || id.length === 0 || id.length > longestId || unprintable.test(id)) {
    throw new ConfigurationError(
      'id',
      `expected 1 to ${longestId} printable characters, got ${describe(id)}`,
    );
  }
}

function checkAmount(path: string, amount: Decimal): void {
  if (amount.lt('0'))
    throw new MoneyError(`${path} is ${amount.toFixed()}; nothing less than 0 can be held or spent`);
}
