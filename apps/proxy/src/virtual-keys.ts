import { createHash, timingSafeEqual } from 'node:crypto';
import { type Attribution, ConfigurationError } from '@genops/core';
import { type Config, type Environment, resolveReference } from './config.ts';

/** Who presented a key. */
export interface VirtualKey {
  readonly id: string;
  readonly attribution: Attribution;
}

/** Finds out who presents a key. */
export type VirtualKeys = (presented: string) => VirtualKey | undefined;

/**
 * Keeps digests only: the whole key is hashed, found by that, and compared in constant time.
 *
 * @throws {ConfigurationError} when a secret is missing, too short to be one, or used twice
 */
export function createVirtualKeys(configured: Config['virtualKeys'], environment: Environment): VirtualKeys {
  const byDigest = new Map<string, { readonly digest: Buffer; readonly key: VirtualKey }>();
  configured.forEach((entry, index) => {
    const digest = digestOf(entry, `virtualKeys[${index}].secret`, environment);
    const name = digest.toString('base64');
    const taken = byDigest.get(name);
    if (taken !== undefined) {
      throw new ConfigurationError(`virtualKeys[${index}]`, `has the same secret as "${taken.key.id}"`);
    }
    const attribution = { ...entry.attribution, keyId: entry.id } as Attribution;
    byDigest.set(name, { digest, key: { id: entry.id, attribution } });
  });
  return (presented) => {
    const digest = sha256(presented);
    const found = byDigest.get(digest.toString('base64'));
    return found !== undefined && timingSafeEqual(found.digest, digest) ? found.key : undefined;
  };
}

const shortestSecret = 16;

function digestOf(entry: Config['virtualKeys'][number], path: string, environment: Environment): Buffer {
  if (entry.sha256 !== undefined) return Buffer.from(entry.sha256, 'hex');
  const secret = resolveReference(environment, path, entry.secret ?? '');
  if (secret.length < shortestSecret) {
    throw new ConfigurationError(path, `expected a secret of at least ${shortestSecret} characters`);
  }
  return sha256(secret);
}

function sha256(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}

/** Where the clients of Anthropic, Google and Azure put a key. */
const keyHeaders = ['x-api-key', 'x-goog-api-key', 'api-key'];

/** The key in a request: `Authorization: Bearer <key>`, or where a provider's own clients put it. */
export function presentedKey(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): string | undefined {
  const authorization = headers['authorization'];
  if (typeof authorization === 'string') {
    const match = /^Bearer +(\S+)$/i.exec(authorization);
    if (match !== null) return match[1];
  }
  const own = keyHeaders.map((name) => headers[name]).find((value) => value !== undefined && value !== '');
  return typeof own === 'string' ? own : undefined;
}
