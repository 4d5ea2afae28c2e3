import { createHash, timingSafeEqual } from 'node:crypto';
import { ConfigurationError } from '@genops/core';
import { type Config, type Environment, resolveReference } from '../config.ts';
import type { VirtualKeys } from '../virtual-keys.ts';

/** Whether somebody may operate the proxy. */
export type Admission =
  | { readonly result: 'admitted' }
  | { readonly result: 'unknown' }
  /** Too many wrong keys from there. */
  | { readonly result: 'locked'; readonly retryAfterSeconds: number };

/** @param address - of the connection itself; what a header says of it is not believed */
export type Admin = (presented: string | undefined, address: string) => Admission;

const shortestSecret = 16;
const windowMs = 60_000;
/** The most addresses that are remembered; beyond that the oldest are forgotten. */
const mostAddresses = 10_000;

/**
 * Keeps the digest of the key only, and compares in constant time.
 *
 * @throws {ConfigurationError} when the key is missing, too short to be one, or also a virtual key
 */
export function createAdmin(
  { secret: reference, maxFailuresPerMinute }: NonNullable<Config['admin']>,
  environment: Environment,
  virtualKeys: VirtualKeys,
  nowMs: () => number = Date.now,
): Admin {
  const secret = resolveReference(environment, 'admin.secret', reference);
  if (secret.length < shortestSecret)
    throw new ConfigurationError('admin.secret', `expected at least ${shortestSecret} characters`);
  if (virtualKeys(secret) !== undefined)
    throw new ConfigurationError('admin.secret', 'expected another key than any virtual key');
  const expected = digestOf(secret);
  const failures = new Map<string, { count: number; readonly untilMs: number }>();
  return (presented, address) => {
    const failed = failures.get(address);
    const isRecent = failed !== undefined && failed.untilMs > nowMs();
    if (isRecent && failed.count >= maxFailuresPerMinute)
      return { result: 'locked', retryAfterSeconds: Math.ceil((failed.untilMs - nowMs()) / 1000) };
    if (presented !== undefined && timingSafeEqual(digestOf(presented), expected)) {
      failures.delete(address);
      return { result: 'admitted' };
    }
    if (isRecent) failed.count += 1;
    else {
      failures.delete(address);
      failures.set(address, { count: 1, untilMs: nowMs() + windowMs });
      if (failures.size > mostAddresses) failures.delete(failures.keys().next().value as string);
    }
    return { result: 'unknown' };
  };
}

function digestOf(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}
