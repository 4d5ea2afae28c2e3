import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { ConfigurationError } from '@genops/core';

/** Key material as it may be stored: useless without the master key, and bound to its record. */
export interface SealedSecret {
  readonly recordId: string;
  /** Which master key it was sealed with. */
  readonly keyVersion: string;
  /** Base64. */
  readonly nonce: string;
  readonly ciphertext: string;
  readonly tag: string;
  /** A keyed hash of the material: equal for equal material, and tells nothing else. */
  readonly fingerprint: string;
}

/** Seals and opens key material with AES-256-GCM. */
export interface Vault {
  seal(recordId: string, secret: string): SealedSecret;
  /** @throws {ConfigurationError} when the master key is another, or the record was tampered with */
  open(sealed: SealedSecret): string;
  fingerprint(secret: string): string;
  /** True when it was sealed with an older master key. */
  isStale(sealed: SealedSecret): boolean;
  /** The same material under the current master key; the very same record when it already is. */
  rewrap(sealed: SealedSecret): SealedSecret;
}

export interface VaultOptions {
  /** The master keys by version, 32 bytes each; older ones only open. */
  readonly masterKeys: Readonly<Record<string, Uint8Array>>;
  /** What new records are sealed with. */
  readonly currentVersion: string;
  /** Records that must open, or the master key is the wrong one. @default [] */
  readonly existing?: readonly SealedSecret[];
}

/**
 * Makes a vault, and opens every existing record once.
 *
 * @throws {ConfigurationError} when a master key has the wrong size, or does not open what exists
 */
export function createVault({ masterKeys, currentVersion, existing = [] }: VaultOptions): Vault {
  for (const [version, key] of Object.entries(masterKeys)) {
    if (key.byteLength !== 32) {
      throw new ConfigurationError(`masterKeys.${version}`, `expected 32 bytes, got ${key.byteLength}`);
    }
  }
  const masterKey = (version: string): Uint8Array => {
    const key = Object.hasOwn(masterKeys, version) ? masterKeys[version] : undefined;
    if (key === undefined)
      throw new ConfigurationError('masterKeys', `expected a key of version "${version}"`);
    return key;
  };
  const fingerprintKey = Buffer.from(
    hkdfSync('sha256', masterKey(currentVersion), '', 'genops key fingerprint', 32),
  );

  const vault: Vault = {
    seal(recordId, secret) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', masterKey(currentVersion), nonce);
      cipher.setAAD(associatedData(recordId, currentVersion));
      const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return {
        recordId,
        keyVersion: currentVersion,
        nonce: nonce.toString('base64'),
        ciphertext: ciphertext.toString('base64'),
        tag: cipher.getAuthTag().toString('base64'),
        fingerprint: vault.fingerprint(secret),
      };
    },
    open(sealed) {
      const key = masterKey(sealed.keyVersion);
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(sealed.nonce, 'base64'), {
          authTagLength: 16,
        });
        decipher.setAAD(associatedData(sealed.recordId, sealed.keyVersion));
        decipher.setAuthTag(Buffer.from(sealed.tag, 'base64'));
        const opened = [decipher.update(Buffer.from(sealed.ciphertext, 'base64')), decipher.final()];
        return Buffer.concat(opened).toString('utf8');
      } catch (cause) {
        const expectation = `the master key "${sealed.keyVersion}" does not open the record "${sealed.recordId}": it is another key, or the record was changed`;
        throw new ConfigurationError('masterKeys', expectation, { cause });
      }
    },
    fingerprint: (secret) => createHmac('sha256', fingerprintKey).update(secret).digest('base64'),
    isStale: ({ keyVersion }) => keyVersion !== currentVersion,
    rewrap: (sealed) => (vault.isStale(sealed) ? vault.seal(sealed.recordId, vault.open(sealed)) : sealed),
  };
  for (const sealed of existing) vault.open(sealed);
  return vault;
}

/** Binds a record to its id and master key, so that neither can be exchanged. */
function associatedData(recordId: string, keyVersion: string): Buffer {
  return Buffer.from(JSON.stringify(['genops-key', 1, recordId, keyVersion]));
}

/** A vault whose master key nobody knows: what it seals can be opened by this process only. */
export function createEphemeralVault(): Vault {
  return createVault({ masterKeys: { process: randomBytes(32) }, currentVersion: 'process' });
}
